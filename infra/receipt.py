"""Receipt: what a `down` came to. What is left is named, and whether it bills; so is what was kept on purpose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Something that is still there."""

    name: str
    """By which it is found: an ARN or an id; for what Pulumi's state still holds, its name there."""

    what: str
    """In words, such as "volume of a claim"."""

    bills: bool
    kept: bool = False
    """On purpose: protected by the stack's settings, or in a waiting time that ends by itself."""

    note: str = ""
    """How to take it away, or when it goes by itself."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    destroyed: tuple[str, ...]
    entries: tuple[Entry, ...] = ()
    forgotten: tuple[str, ...] = ()
    """What was taken out of the state without a look at it, because what it was in is gone."""

    seconds: float

    @property
    def left(self) -> tuple[Entry, ...]:
        """Still there and should not be."""
        return tuple(entry for entry in self.entries if not entry.kept)

    @property
    def kept(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.kept)

    @property
    def clean(self) -> bool:
        """Nothing bills that was not kept on purpose."""
        return not any(entry.bills for entry in self.left)
