"""The journal of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmctl.cli.view import Table, View
from llmctl.infra.deployment.journal import Entry, Verdict


def history_view(stack: str, verdict: Verdict) -> View:
    data = {
        "stack": stack,
        "intact": verdict.problem is None,
        "problem": verdict.problem,
        "entries": [{**entry.content, "hash": entry.hash} for entry in verdict.entries],
    }
    if not verdict.entries:
        return View(data, [f"Nothing was ever done to {stack}."])
    rows = [_row(entry) for entry in verdict.entries]
    return View(data, [Table(("TIME", "WHO", "COMMAND", "RESULT", "PLAN", "CHANGES"), rows)])


def _row(entry: Entry) -> tuple[str, ...]:
    content = entry.content
    return (
        str(content.get("time", "")),
        f"{content.get('user', '')}@{content.get('host', '')}",
        str(content.get("command", "")),
        _result(content),
        str(content.get("plan", ""))[:12],
        ", ".join(f"{number} {operation}" for operation, number in content.get("changes", {}).items()),
    )


def _result(content: Mapping[str, Any]) -> str:
    if content.get("event") == "begun":
        return "begun"
    return f"{content.get('result', '')} in {content.get('seconds', '?')} s"
