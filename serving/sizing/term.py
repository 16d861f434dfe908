"""Term: one number of a calculation, with the formula that made it and where both come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Term:
    """A line of `llmctl size --explain`."""

    name: str
    value: float
    unit: str
    formula: str
    """In words and numbers, already filled in."""

    source: str
    """Document or file the formula or its constants were read in, or "assumed: …", or "calibrated: …"."""
