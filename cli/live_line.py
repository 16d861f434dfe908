"""The one line that is redrawn in place while something takes time. Console owns it; nothing else draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.progress import Progress


class LiveLine:
    """A spinner with a text, the seconds it has been there, and a bar where the whole is known."""

    def __init__(self, console: RichConsole) -> None:
        self._console = console
        self._display: Progress | None = None

    def draw(self, text: str, done: int | None = None, total: int | None = None) -> None:
        display = self._display or self._started()
        task = display.tasks[-1] if display.tasks else None
        if task is None or task.description != text:
            for old in display.tasks:
                display.remove_task(old.id)
            display.add_task(text, total=total, completed=done or 0)
        else:
            display.update(task.id, completed=done or 0, total=total)

    def above(self, text: str) -> None:
        """Print a line that stays, above the live one."""
        self._console.print(text, markup=False, soft_wrap=True)

    def end(self) -> None:
        if self._display:
            self._display.stop()
        self._display = None

    def _started(self) -> Progress:
        from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

        self._display = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TaskProgressColumn(show_speed=False),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._display.start()
        return self._display
