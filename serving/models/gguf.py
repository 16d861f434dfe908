"""What a GGUF file says about itself, and whether all of it is there. Reads the header only, never the weights.

The `gguf` package would do, at a price out of proportion for a pre-flight check: it needs numpy (73 MB) and took
4.6 s for the embedded model, where this reader takes well under a second. The tests compare the two.

Source of the format: ggml, docs/gguf.md, versions 2 and 3.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmctl.serving.errors import ModelDamaged, ModelNotFound

MAGIC = b"GGUF"
VERSIONS = (2, 3)
"""Version 1 had 32-bit lengths; llama.cpp no longer reads it."""

MAX_DIMENSIONS = 4
STRING, ARRAY = 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

# Tensor type -> (elements in a block, bytes of a block). Source: ggml, the type traits in ggml.c.
BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    30: (1, 2),
    28: (1, 8),
    24: (1, 1),
    25: (1, 2),
    26: (1, 4),
    27: (1, 8),  # plain numbers
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),  # Q4_0 to Q8_0
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    15: (256, 292),  # Q2_K to Q8_K
    16: (256, 66),
    17: (256, 74),
    18: (256, 98),
    19: (256, 50),
    20: (32, 18),
    21: (256, 110),  # IQ2 to IQ3
    22: (256, 82),
    23: (256, 136),
    29: (256, 56),  # IQ2_S, IQ4_XS, IQ1_M
    34: (256, 54),
    35: (256, 66),
    39: (32, 17),
    40: (64, 36),
    41: (128, 18),  # TQ1_0, TQ2_0, MXFP4, NVFP4, Q1_0
}


@dataclass(frozen=True, kw_only=True)
class GgufFacts:
    file_size: int
    """Bytes."""
    weights_size: int
    """Bytes of all tensors."""
    architecture: str
    """llama.cpp's name: llama, qwen3, gemma3…"""
    name: str | None
    context_length: int | None
    """Tokens the model was trained for."""
    layers: int
    embedding_length: int
    feed_forward_length: int
    """Of one expert where there is no dense part."""
    vocabulary: int
    """Tokens the tokenizer knows; 0 if the file names none."""
    heads: int
    """Heads that ask, of the layer with most of them."""
    kv_heads: int
    """Heads that keep keys and values, of the layer with most of them."""
    key_length: int
    """Numbers per head and token in the keys; `head_dim` of most models."""
    value_length: int
    chat_template: bool
    """Whether the file brings its own chat template."""
    parameters: int
    """Numbers in all tensors."""
    expert_parameters: int
    """Those of the routed experts (tensors named …_exps)."""
    experts: int
    active_experts: int
    tied: bool
    """Whether the output head is the embedding: there is no tensor output.weight."""
    licence: str | None


def inspect(path: Path) -> GgufFacts:
    """Read the header. Raises ModelNotFound, or ModelDamaged for a file that is not GGUF, cut short or unreadable."""
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC))
            if start != MAGIC:
                raise ModelDamaged(_not_gguf(path, start))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _facts(_Header(data, path))
    except FileNotFoundError as error:
        raise ModelNotFound(f"There is no file {path}.") from error
    except OSError as error:
        raise ModelDamaged(f"{path} cannot be read: {error.strerror}.") from error


class _Header:
    """The metadata and the tensor table, read in the order in which they lie in the file."""

    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self._data, self._path, self._at = data, path, len(MAGIC)
        self.file_size = len(data)
        self.metadata: dict[str, Any] = {}
        version = self._number("I")
        if version not in VERSIONS:
            raise ModelDamaged(_version(path, version))
        tensors, pairs = self._number("Q"), self._number("Q")
        for _ in range(pairs):
            key = self._string()
            self.metadata[key] = self._value(self._number("I"))
        self.parameters = self.expert_parameters = 0
        self.tied = True
        self.weights_size = max((self._tensor_end() for _ in range(tensors)), default=0)
        self._check_weights_are_there()

    def integer(self, key: str, default: int) -> int:
        """Some models give one number per layer; the largest is the safe one for memory."""
        value = self.metadata.get(key, default)
        number = max(value, default=default) if isinstance(value, list) else value
        if not isinstance(number, int) or number < 0:
            raise ModelDamaged(f"{self._path} is damaged: {key} is {str(value)[:40]!r} and not a number.")
        return number

    def _check_weights_are_there(self) -> None:
        alignment = max(self.integer("general.alignment", 32), 1)
        expected = -(-self._at // alignment) * alignment + self.weights_size
        if self.file_size < expected:
            raise ModelDamaged(
                f"{self._path} is cut short: {self.file_size:,} bytes are there, its tensors need {expected:,}. "
                f"Get the file again."
            )

    def _tensor_end(self) -> int:
        """Where this tensor ends, in bytes after the start of the weights; a newer type's length is not known."""
        name = self._string()
        elements, dimensions = 1, self._number("I")
        if dimensions > MAX_DIMENSIONS:
            raise ModelDamaged(f"{self._path} is damaged: a tensor has {dimensions:,} dimensions.")
        for _ in range(dimensions):
            elements *= self._number("Q")
        self.parameters += elements
        self.expert_parameters += elements if "_exps." in name else 0
        self.tied = self.tied and name != "output.weight"
        per_block, block = BLOCKS.get(self._number("I"), (1, 0))
        offset: int = self._number("Q")
        return offset + -(-elements // per_block) * block

    def _value(self, kind: int) -> Any:
        if kind == STRING:
            return self._string()
        if kind == ARRAY:
            return self._array(self._number("I"), self._number("Q"))
        if kind not in SCALARS:
            raise ModelDamaged(f"{self._path} is damaged: value type {kind} at byte {self._at:,} does not exist.")
        return self._number(SCALARS[kind])

    def _array(self, kind: int, length: int) -> list[Any] | int:
        """Numbers as a list (the first of them: no model has 4,096 layers); of strings only how many there are."""
        if kind == STRING:
            for _ in range(length):
                self._skip(self._number("Q"))
            return length
        if kind not in SCALARS:
            raise ModelDamaged(f"{self._path} is damaged: array of type {kind} at byte {self._at:,} does not exist.")
        item = struct.calcsize(SCALARS[kind])
        start = self._skip(length * item)
        return list(struct.unpack_from(f"<{min(length, 4096)}{SCALARS[kind]}", self._data, start))

    def _string(self) -> str:
        length = self._number("Q")
        start = self._skip(length)
        return self._data[start : start + length].decode("utf-8", errors="replace")

    def _number(self, code: str) -> Any:
        start = self._skip(struct.calcsize(f"<{code}"))
        return struct.unpack_from(f"<{code}", self._data, start)[0]

    def _skip(self, length: int) -> int:
        """Move on by `length` bytes and say where they start."""
        start, end = self._at, self._at + length
        if end > self.file_size:
            raise ModelDamaged(
                f"{self._path} is cut short or damaged: its header goes beyond its {self.file_size:,} bytes. "
                f"Get the file again."
            )
        self._at = end
        return start


def _facts(header: _Header) -> GgufFacts:
    values = header.metadata
    architecture = str(values.get("general.architecture", "unknown"))
    heads = header.integer(f"{architecture}.attention.head_count", 1)
    width = header.integer(f"{architecture}.embedding_length", 0)
    head_dim = width // max(heads, 1)
    return GgufFacts(
        file_size=header.file_size,
        weights_size=header.weights_size,
        architecture=architecture,
        name=str(values["general.name"]) if "general.name" in values else None,
        context_length=header.integer(f"{architecture}.context_length", 0) or None,
        layers=header.integer(f"{architecture}.block_count", 0),
        embedding_length=width,
        feed_forward_length=header.integer(f"{architecture}.feed_forward_length", 0)
        or header.integer(f"{architecture}.expert_feed_forward_length", 0),
        vocabulary=header.integer("tokenizer.ggml.tokens", 0),
        heads=heads,
        kv_heads=header.integer(f"{architecture}.attention.head_count_kv", heads),
        key_length=header.integer(f"{architecture}.attention.key_length", head_dim),
        value_length=header.integer(f"{architecture}.attention.value_length", head_dim),
        chat_template="tokenizer.chat_template" in values,
        parameters=header.parameters,
        expert_parameters=header.expert_parameters,
        experts=header.integer(f"{architecture}.expert_count", 0),
        active_experts=header.integer(f"{architecture}.expert_used_count", 0),
        tied=header.tied,
        licence=str(values["general.license"]) if "general.license" in values else None,
    )


def _not_gguf(path: Path, start: bytes) -> str:
    if not start:
        return f"{path} is empty. Get the file again."
    return f"{path} is not a GGUF file: it starts with {start!r}, a GGUF file with {MAGIC!r}."


def _version(path: Path, version: int) -> str:
    if version % 2**16 == 0:
        return f"{path} was written for a big-endian machine and cannot be used on this one."
    return f"{path} has GGUF version {version}; versions 2 and 3 can be read. Convert the model again."
