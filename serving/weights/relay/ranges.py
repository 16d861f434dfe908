"""The Range header, as far as a fetcher of weights needs it: one range of bytes (RFC 9110, section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    """Bytes; `end` is not part of it."""


def span_asked_for(header: str | None, size: int) -> Span | None:
    """The part of `size` bytes that a Range header means, the whole without one; None: it lies outside.

    A header that is not understood, or asks for several ranges, is as none: the specification allows to ignore it.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return Span(0, size)
    first, last = found.groups()
    if not first:
        return Span(max(0, size - int(last)), size) if int(last) and size else None
    start, end = int(first), min(int(last) + 1, size) if last else size
    return Span(start, end) if start < end else None
