"""What was found out before anything is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from llmctl.cli.view import View
from llmctl.infra.preflight import Finding


def preflight_view(findings: Sequence[Finding]) -> View:
    """What keeps the stack from coming up first."""
    ordered = sorted(findings, key=lambda finding: not finding.blocks)
    return View([asdict(finding) for finding in ordered], [line for each in ordered for line in _lines(each)])


def _lines(finding: Finding) -> list[str]:
    weight = "Refused" if finding.blocks else "Warning"
    return [f"{weight}: {finding.subject}: {finding.message}", f"  {finding.fix}"]
