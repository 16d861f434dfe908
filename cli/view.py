"""What a command shows: the same content as data for programs and as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Table:
    columns: Sequence[str]
    """Empty for a table without a header, such as a list of names and values."""

    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class View:
    data: Mapping[str, Any] | Sequence[Any]
    """JSON-able; keys in camelCase, as in stack files."""

    text: Sequence[str | Table]
