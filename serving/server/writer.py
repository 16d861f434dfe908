"""llama.cpp's events to TGI's steps: a state machine for one generation, without any I/O."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from llmctl.serving.server.engine import Event, Finished, Sampled
from llmctl.serving.server.steps import End, FinishReason, Step, Timings, Token
from llmctl.serving.server.tokens import UNKNOWN, StopSearch, Vocabulary

_LOST = Token(UNKNOWN, "", None, special=False)


@dataclass(kw_only=True)
class Writer:
    """Feed it events; it gives steps, the last of which has an `end`. Text is cut after a stop sequence, not before:
    TGI's answers contain the stop sequence that ended them."""

    vocabulary: Vocabulary
    stop: StopSearch
    input_tokens: int
    max_new_tokens: int
    top_n_tokens: int
    seed: int | None
    arrived: float
    queued: float
    clock: Callable[[], float] = time.monotonic

    ended: bool = False
    _text: str = ""
    _count: int = 0
    _started: float | None = None
    _held: Step | None = field(default=None)
    """A control token: whether it ends the generation shows only with the next event."""

    def steps(self, event: Event) -> Iterator[Step]:
        """The steps that this event completes; none once `ended`."""
        if self._started is None:
            self._started = self.clock()
        if isinstance(event, Sampled):
            yield from self._sampled(event)
        elif isinstance(event, Finished):
            yield from self._finished(event)

    def _sampled(self, event: Sampled) -> Iterator[Step]:
        if self._held is not None:
            yield self._held
            self._held = None
        *lost, last = self._ids(event)
        for id_ in lost:
            yield self._counted(Token(id_, "", None, special=False), ())
            if self.ended:
                return
        # Only control tokens have no text of their own.
        special = not event.data
        text = self.vocabulary.text(last) if special else event.data.decode("utf-8", "replace")
        step = self._counted(Token(last, text, event.logprob, special), self._top(event))
        if special and not self.ended:
            self._held = step
        else:
            yield step

    def _ids(self, event: Sampled) -> list[int]:
        count = event.position - self._count
        return [UNKNOWN] * count if event.id is None else self.vocabulary.ids(event.data, event.id, count)

    def _counted(self, token: Token, top: tuple[Token, ...]) -> Step:
        self._count += 1
        if not token.special:
            self._text += token.text
        if self._count >= self.max_new_tokens:
            return Step(token, top, self._end("length"))
        stop = None if token.special else self.stop.end(self._text, len(token.text))
        if stop is None:
            return Step(token, top, None)
        excess = len(self._text) - stop
        self._text = self._text[:stop]
        cut = replace(token, text=token.text[: len(token.text) - excess])
        return Step(cut, top, self._end("stop_sequence"))

    def _finished(self, event: Finished) -> Iterator[Step]:
        reason: FinishReason = "length" if event.at_limit else "eos_token"
        held, self._held = self._held, None
        if held is not None and not event.at_limit:
            yield replace(held, end=self._end(reason))
            return
        if held is not None:
            yield held
        # What is still missing was cut off inside a character: counted, without text.
        for _ in range(event.generated - self._count - 1):
            self._count += 1
            yield Step(_LOST, (), None)
        self._count = max(self._count, event.generated)
        yield Step(_LOST, (), self._end(reason))

    def _end(self, reason: FinishReason) -> End:
        self.ended = True
        started = self.queued if self._started is None else self._started
        timings = Timings(self.arrived, self.queued, started, self.clock())
        return End(self._text, reason, self._count, self.input_tokens, self.seed, timings)

    def _top(self, event: Sampled) -> tuple[Token, ...]:
        best = event.top[: self.top_n_tokens]
        text, special = self.vocabulary.text, self.vocabulary.special
        return tuple(Token(id_, text(id_), logprob, special(id_)) for id_, logprob in best)
