"""From token ids to text: the vocabulary, and the split characters that llama.cpp keeps to itself.

llama.cpp streams nothing while its text ends inside a UTF-8 character: the ids of all but the last of the tokens that
make up the character are lost, their bytes come with the last one. They are found again here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

UNKNOWN = 0
"""Stands for an id that cannot be known; its token has no log probability either."""


@dataclass(frozen=True)
class Vocabulary:
    pieces: Sequence[bytes]
    """Bytes of every token, by id; empty for control tokens."""

    names: dict[int, str]
    """Text of the control tokens, e.g. `<|im_end|>`."""

    def text(self, id_: int) -> str:
        return self.names.get(id_) or self.pieces[id_].decode("utf-8", "replace")

    def special(self, id_: int) -> bool:
        return not self.pieces[id_]

    @cached_property
    def _fragments(self) -> dict[bytes, int]:
        """Pieces that are not whole characters. Only these can be lost."""
        return {piece: id_ for id_, piece in enumerate(self.pieces) if piece and not _whole(piece)}

    def ids(self, data: bytes, last: int, count: int) -> list[int]:
        """Ids of the `count` tokens whose bytes are `data`; the last one is known.

        Where several ways lead to the same bytes, the one with the longer pieces first is taken: the tokenizers
        we know merge greedily. UNKNOWN where no way does.
        """
        if count <= 1:
            return [last]
        lost = data.removesuffix(self.pieces[last])
        return [*(self._split(lost, count - 1) or [UNKNOWN] * (count - 1)), last]

    def _split(self, data: bytes, count: int) -> list[int] | None:
        if count == 0:
            return None if data else []
        for length in range(len(data) - count + 1, 0, -1):
            first = self._fragments.get(data[:length])
            rest = self._split(data[length:], count - 1) if first is not None else None
            if first is not None and rest is not None:
                return [first, *rest]
        return None


def _whole(piece: bytes) -> bool:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True)
class StopSearch:
    """Finds the end of the first stop sequence in a growing text, without reading the text again each time."""

    sequences: tuple[str, ...]

    @cached_property
    def _reach(self) -> int:
        return max((len(sequence) for sequence in self.sequences), default=0)

    def end(self, text: str, new: int) -> int | None:
        """Index just after the first stop sequence that ends within the last `new` characters of `text`."""
        start = max(len(text) - new - self._reach + 1, 0)
        found = (text.find(sequence, start) + len(sequence) for sequence in self.sequences if sequence in text[start:])
        return min(found, default=None)
