"""docs/sizing.md: its prose from templates/sizing.md, its tables from the code and the published measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

from llmctl.serving.sizing.engine_memory import ENGINE_MEMORY, MIB

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))  # where the published measurements are

from drivers.measurements import Measurement, measurements  # noqa: E402


def page() -> str:
    rows = measurements()
    template = (HERE / "templates" / "sizing.md").read_text(encoding="utf-8")
    measured = [row for row in rows if row.tokens is not None]
    return template.format(
        engines="\n".join(_engines()),
        summary="\n".join(_summary(measured, role) for role in ("calibration", "held-out")),
        measured="\n".join(
            f"| {_run(row)} | {row.role} | {row.tokens:,} | {row.sized.kv_tokens:,} | {row.error:+.1%} "
            f"| {_source(row)} |"
            for row in measured
        ),
        out_of_memory="\n".join(
            f"| {_run(row)} | {row.sized.requests} | {_source(row)} |" for row in rows if row.tokens is None
        ),
    )


def _engines() -> list[str]:
    return [
        f"| {name} | {rule.share or 'see above'} | {rule.context // MIB} | {rule.workspace // MIB} "
        f"| {rule.communication // MIB} | {rule.communication_hopper // MIB} "
        f"| {rule.graphs_per_layer // MIB} | {rule.sampled_bytes:g} | {rule.source} |"
        for name, rule in ENGINE_MEMORY.items()
    ]


def _summary(measured: list[Measurement], role: str) -> str:
    errors = [abs(row.error) for row in measured if row.role == role]
    return f"| {role} | {len(errors)} | {median(errors):.1%} | {max(errors):.1%} |"


def _run(row: Measurement) -> str:
    return f"{row.engine} {row.version} | {row.name} | {row.gpus} x {row.gpu} | {row.settings}"


def _source(row: Measurement) -> str:
    return f"{row.source}, {row.published}: “{row.quoted}”"
