"""What is found out before anything is made: whether what a stack needs can be had at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from llmctl.infra.errors import Refused


@dataclass(frozen=True, kw_only=True)
class Finding:
    subject: str
    """What it is about, such as nodePools.l4:1."""

    message: str
    """One sentence."""

    fix: str
    """One command or one sentence."""

    blocks: bool
    """The stack cannot come up like this. Otherwise it can, with less than is written."""


def refuse_blocked(findings: Iterable[Finding], stack: str) -> None:
    """Raises Refused when one of them keeps the stack from coming up."""
    if blocked := [finding.subject for finding in findings if finding.blocks]:
        subjects = ", ".join(dict.fromkeys(blocked))
        raise Refused(f"{stack} cannot come up like this ({subjects}): see above. Nothing was touched.")
