"""What a rehearsal came to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from llmctl.cli.view import Table, View

if TYPE_CHECKING:
    from llmctl.infra.rehearsal.report import Report
    from llmctl.infra.rehearsal.steps import StepResult


def report_view(report: Report) -> View:
    data = {
        "stack": report.stack,
        "clean": report.clean,
        "steps": [
            {
                "step": str(each.step),
                "seconds": round(each.seconds, 1),
                "changes": dict(each.counts),
                "error": each.error,
            }
            for each in report.steps
        ],
        "left": [{"type": each.type, "id": each.id, "madeBy": each.made_by} for each in report.left],
        "kept": [{"type": each.type, "id": each.id, "why": each.why} for each in report.kept],
        "mistakes": report.mistakes,
    }
    rows = [(f"  {each.step}", f"{each.seconds:.1f} s", _changes(each)) for each in report.steps]
    return View(
        data, [f"Rehearsed {report.stack}, on doubles; nothing real was touched.", Table((), rows), *_end(report)]
    )


def _changes(step: StepResult) -> str:
    if step.error:
        return "failed"
    return ", ".join(f"{number} to {operation}" for operation, number in step.counts.items()) or "no changes"


def _end(report: Report) -> Iterator[str]:
    yield from report.mistakes
    yield from (f"  left: {each.type} {each.id}, made by {each.made_by}" for each in report.left)
    yield from (f"  kept: {each.type} {each.id}: {each.why}" for each in report.kept)
    if report.clean:
        rest = "nothing is left but what was kept on purpose" if report.kept else "nothing is left"
        yield f"From nothing to nothing in {len(report.moments)} changes; {rest}."
