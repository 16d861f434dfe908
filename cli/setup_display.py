"""The display of `llmctl setup`, and of the set-up that another command needs first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from llmctl.cli.console import Console
from llmctl.infra.deployment.pulumi_cli.ways import Progress, Step


@contextmanager
def setup_display(console: Console) -> Iterator[Progress]:
    """Each step once as a line; on a terminal its percentage is redrawn in place."""
    shown: list[str] = []

    def progress(step: Step) -> None:
        if not shown or shown[-1] != step.name:
            shown.append(step.name)
            console.note(f"{step.name}: {step.detail}")
        fraction = None if step.fraction is None else round(step.fraction * 100)
        console.draw(step.detail, fraction, None if fraction is None else 100)

    try:
        yield progress
    finally:
        console.settle()
