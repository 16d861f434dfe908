"""Diagnosis: what is wrong with a stack in one sentence, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    sentence: str
    """With a full stop."""

    fix: str
    about: str
    """The object it was seen at, as `kubectl get` takes it: pod/chat-6d8f; of a local stack its process."""

    evidence: tuple[str, ...] = ()
    """Words of the cluster itself: events, log lines."""

    wrong: bool = True
    """False for what only takes its time, and for nothing at all."""

    def of(self, stack: str) -> Diagnosis:
        """With the stack's name in the commands that it names."""
        return replace(self, sentence=self.sentence.replace("STACK", stack), fix=self.fix.replace("STACK", stack))


NOTHING_IS_WRONG = "Nothing is wrong."
