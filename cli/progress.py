"""The live display of a deployment: the step at hand, the phases of a cold start with their times, a bar for bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from llmctl.cli.console import Console
from llmctl.infra.deployment.progress import Message, PhaseReached, ResourceDone, ResourceStarted, Update
from llmctl.infra.plan import Operation

DOING = {
    Operation.CREATE: "creating",
    Operation.UPDATE: "updating",
    Operation.REPLACE: "replacing",
    Operation.DELETE: "deleting",
    Operation.READ: "reading",
    Operation.IMPORT: "importing",
}


class ProgressDisplay:
    """Called with each update. A phase that is over stays as a line; the present one is redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase, self._since = "", 0.0

    def __call__(self, update: Update) -> None:
        if isinstance(update, ResourceStarted):
            self._console.draw(f"{DOING[update.operation]} {update.name}")
        elif isinstance(update, PhaseReached):
            self._turn_to(update.name)
            usual = f" (last time {update.usual:.1f} s)" if update.usual else ""
            self._console.draw(update.name + usual, update.done, update.total)
        elif isinstance(update, ResourceDone):
            self._turn_to("")
            how = "failed after" if update.failed else "took"
            self._console.note(f"  {DOING[update.operation]} {update.name} {how} {update.seconds:.1f} s")
        elif isinstance(update, Message):
            self._console.warn(update.text)

    def _turn_to(self, phase: str) -> None:
        now = time.monotonic()
        if phase == self._phase:
            return
        if self._phase:
            self._console.note(f"    {self._phase:<10}{now - self._since:6.1f} s")
        self._phase, self._since = phase, now


@contextmanager
def progress_display(console: Console) -> Iterator[ProgressDisplay]:
    """A display for the updates of one deployment; the live line goes away at the end, whatever happened."""
    try:
        yield ProgressDisplay(console)
    finally:
        console.settle()
