"""The metadata and the tensor table at the start of a GGUF file: the format, wherever the bytes come from.

The `gguf` package would do, at a price out of proportion for a pre-flight check: it needs numpy (73 MB) and took
4.6 s for the embedded model, where this reader takes well under a second. The tests compare the two.

Source of the format: ggml, docs/gguf.md, versions 2 and 3.
"""

from __future__ import annotations

import mmap
import struct
from typing import Any, Protocol

from llmctl.serving.errors import ModelDamaged
from llmctl.serving.models.gguf_tensors import tensor_bytes

MAGIC = b"GGUF"
VERSIONS = (2, 3)
"""Version 1 had 32-bit lengths; llama.cpp no longer reads it."""

MAX_DIMENSIONS = 4
STRING, ARRAY = 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class Prefix(Protocol):
    """A file of which as many bytes are there as were read."""

    @property
    def name(self) -> str:
        """How messages call it."""

    @property
    def remedy(self) -> str:
        """What to do when it is damaged: a sentence."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""

    def upto(self, end: int) -> bytes | bytearray | mmap.mmap:
        """The file's bytes from the first on, `end` of them or more. `end` is at most `size`."""


class Header:
    """The metadata and what the tensors add up to, read in the order in which they lie in the file."""

    def __init__(self, file: Prefix) -> None:
        """Raises ModelDamaged for a file that is not GGUF, cut short or unreadable, and what `file` raises."""
        self._file, self._at = file, 0
        self.metadata: dict[str, Any] = {}
        tensors, pairs = self._start()
        for _ in range(pairs):
            key = self._string()
            self.metadata[key] = self._value(self._number("I"))
        self.parameters = self.expert_parameters = 0
        self.tied = True
        self.weights_size = max((self._tensor_end() for _ in range(tensors)), default=0)
        self._check_weights_are_there()

    @property
    def file_size(self) -> int:
        return self._file.size

    def integer(self, key: str, default: int) -> int:
        """Some models give one number per layer; the largest is the safe one for memory."""
        value = self.metadata.get(key, default)
        number = max(value, default=default) if isinstance(value, list) else value
        if not isinstance(number, int) or number < 0:
            raise ModelDamaged(f"{self._file.name} is damaged: {key} is {str(value)[:40]!r} and not a number.")
        return number

    def _start(self) -> tuple[int, int]:
        """How many tensors and pairs of metadata follow."""
        at_most = min(len(MAGIC), self.file_size)
        magic = bytes(self._file.upto(at_most)[:at_most])
        if magic != MAGIC:
            raise ModelDamaged(_not_gguf(self._file, magic))
        self._at = len(MAGIC)
        version = self._number("I")
        if version not in VERSIONS:
            raise ModelDamaged(_version(self._file, version))
        return self._number("Q"), self._number("Q")

    def _check_weights_are_there(self) -> None:
        alignment = max(self.integer("general.alignment", 32), 1)
        expected = -(-self._at // alignment) * alignment + self.weights_size
        if self.file_size < expected:
            raise ModelDamaged(
                f"{self._file.name} is cut short: {self.file_size:,} bytes are there, its tensors need {expected:,}. "
                f"{self._file.remedy}"
            )

    def _tensor_end(self) -> int:
        """Where this tensor ends, in bytes after the start of the weights."""
        name = self._string()
        elements, dimensions = 1, self._number("I")
        if dimensions > MAX_DIMENSIONS:
            raise ModelDamaged(f"{self._file.name} is damaged: a tensor has {dimensions:,} dimensions.")
        for _ in range(dimensions):
            elements *= self._number("Q")
        self.parameters += elements
        self.expert_parameters += elements if "_exps." in name else 0
        self.tied = self.tied and name != "output.weight"
        kind, offset = self._number("I"), self._number("Q")
        return int(offset) + tensor_bytes(kind, elements)

    def _value(self, kind: int) -> Any:
        if kind == STRING:
            return self._string()
        if kind == ARRAY:
            return self._array(self._number("I"), self._number("Q"))
        if kind not in SCALARS:
            raise ModelDamaged(f"{self._file.name} is damaged: value type {kind} at byte {self._at:,} does not exist.")
        return self._number(SCALARS[kind])

    def _array(self, kind: int, length: int) -> list[Any] | int:
        """Numbers as a list (the first of them: no model has 4,096 layers); of strings only how many there are."""
        if kind == STRING:
            for _ in range(length):
                self._skip(self._number("Q"))
            return length
        if kind not in SCALARS:
            raise ModelDamaged(
                f"{self._file.name} is damaged: array of type {kind} at byte {self._at:,} does not exist."
            )
        first, item = min(length, 4096), struct.calcsize(f"<{SCALARS[kind]}")
        start = self._skip(length * item)
        return list(struct.unpack_from(f"<{first}{SCALARS[kind]}", self._file.upto(start + first * item), start))

    def _string(self) -> str:
        length = self._number("Q")
        start = self._skip(length)
        return bytes(self._file.upto(self._at)[start : self._at]).decode("utf-8", errors="replace")

    def _number(self, code: str) -> Any:
        start = self._skip(struct.calcsize(f"<{code}"))
        return struct.unpack_from(f"<{code}", self._file.upto(self._at), start)[0]

    def _skip(self, length: int) -> int:
        """Move on by `length` bytes and say where they start."""
        start, end = self._at, self._at + length
        if end > self.file_size:
            raise ModelDamaged(
                f"{self._file.name} is cut short or damaged: its header goes beyond its {self.file_size:,} bytes. "
                f"{self._file.remedy}"
            )
        self._at = end
        return start


def _not_gguf(file: Prefix, start: bytes) -> str:
    if not start:
        return f"{file.name} is empty. {file.remedy}"
    return f"{file.name} is not a GGUF file: it starts with {start!r}, a GGUF file with {MAGIC!r}."


def _version(file: Prefix, version: int) -> str:
    if version % 2**16 == 0:
        return f"{file.name} was written for a big-endian machine and cannot be used on this one."
    return f"{file.name} has GGUF version {version}; versions 2 and 3 can be read. Convert the model again."
