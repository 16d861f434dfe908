"""A model in several GGUF files, as llama-gguf-split writes them: NAME-00001-of-0000N.gguf."""

from __future__ import annotations

import re

_PART = re.compile(r"-\d{5}-of-(?P<count>\d{5})(?=\.gguf$)", re.IGNORECASE)
"""Source: llama.cpp, src/llama.cpp, llama_split_path."""


def is_split(filename: str) -> bool:
    """Whether this is one part of several."""
    return _PART.search(filename) is not None


def parts_of(filename: str) -> tuple[str, ...]:
    """All files of the model that this one belongs to, in order; a whole file is the only one of its model."""
    part = _PART.search(filename)
    if part is None:
        return (filename,)
    before, after = filename[: part.start()], filename[part.end() :]
    count = int(part["count"])
    return tuple(f"{before}-{number:05}-of-{count:05}{after}" for number in range(1, count + 1)) or (filename,)


def joined(filename: str) -> str:
    """What the file would be called if its parts were one."""
    return _PART.sub("", filename)
