"""The terminal. One object with verbs for all output; nothing else writes to it.

Results go to stdout, everything that accompanies the work (progress, notes, questions) to stderr, so that
`llmctl ... --json | jq` always gets exactly one document.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from llmctl.cli.live_line import LiveLine
from llmctl.cli.view import Table, View

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

WIDE = 10_000
"""Columns of a table that goes into a file or a pipe: nothing is wrapped there."""


class Console:
    """Writes to `out` and `err`; `redact` takes the secrets out of everything written."""

    def __init__(self, out: TextIO, err: TextIO, source: TextIO, redact: Callable[[str], str] = str) -> None:
        self._out, self._err, self._in = out, err, source
        self.redact = redact
        self._live: LiveLine | None = None

    @property
    def interactive(self) -> bool:
        """Whether somebody can be asked: questions and their answers go by the terminal."""
        return self._in.isatty() and self._err.isatty()

    def show(self, view: View, *, json: bool = False) -> None:
        """Print a result: its text, or its data as one JSON document."""
        if json:
            self.settle()
            self._out.write(self.redact(dumps(view.data, indent=2, ensure_ascii=False)) + "\n")
            self._out.flush()
        else:
            self._print(view, self._out)

    def accompany(self, view: View, *, aside: bool) -> None:
        """Print what is not the result itself, such as the plan a question is about; `aside` keeps stdout clean."""
        self._print(view, self._err if aside else self._out)

    def note(self, text: str) -> None:
        """Say something that accompanies the work."""
        if self._live:
            self._live.above(self.redact(text))
        else:
            self._err.write(self.redact(text) + "\n")
            self._err.flush()

    def warn(self, text: str) -> None:
        self.note(f"Warning: {text}")

    def error(self, text: str) -> None:
        self.settle()
        self.note(f"Error: {text}")

    def traceback(self, error: BaseException) -> None:
        self.settle()
        self.note("".join(traceback.format_exception(error)).rstrip())

    def take_log_records(self, *, tracebacks: bool) -> None:
        """Show warnings that libraries log, redacted like everything else."""
        root = logging.getLogger()
        for earlier in [handler for handler in root.handlers if isinstance(handler, _LogRecords)]:
            root.removeHandler(earlier)
        root.addHandler(_LogRecords(self, tracebacks))

    def draw(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """Redraw the live line; where nothing can be redrawn (CI, a file), nothing is printed."""
        if not self._err.isatty():
            return
        self._live = self._live or LiveLine(_rich(self._err))
        self._live.draw(self.redact(text), done, total)

    def settle(self) -> None:
        """Take the live line away."""
        if self._live:
            self._live.end()
        self._live = None

    @contextmanager
    def live(self) -> Iterator[None]:
        """The live line goes away at the end of the block, whatever happened."""
        try:
            yield
        finally:
            self.settle()

    def write(self, text: str) -> None:
        """Print a piece of streamed text as it comes."""
        self._out.write(self.redact(text))
        self._out.flush()

    def ask(self, prompt: str) -> str:
        """One line from the user. Raises EOFError at the end of input."""
        self.settle()
        if self._in is sys.stdin and self.interactive:
            return input(prompt)  # goes through readline, where line editing is on
        self._err.write(prompt)
        self._err.flush()
        line = self._in.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    def agrees(self, question: str) -> bool:
        """Ask for a yes; anything else, the end of input included, is a no."""
        try:
            return self.ask(f"{question} [y/N] ").strip().lower() in ("y", "yes")
        except EOFError:
            return False

    @contextmanager
    def line_editing(self, history: Path) -> Iterator[None]:
        """Arrow keys while asking, and the lines of earlier times; `history` is private to the user."""
        if not self.interactive:
            yield
            return
        import readline

        with contextlib.suppress(OSError):
            readline.read_history_file(history)
        try:
            yield
        finally:
            readline.set_history_length(1000)
            with contextlib.suppress(OSError):
                readline.write_history_file(history)
                history.chmod(0o600)

    def _print(self, view: View, stream: TextIO) -> None:
        self.settle()
        for block in view.text:
            if isinstance(block, Table):
                stream.write(_drawn(block, stream, self.redact))
            else:
                stream.write(self.redact(block) + "\n")
        stream.flush()


class _LogRecords(logging.Handler):
    def __init__(self, console: Console, tracebacks: bool) -> None:
        super().__init__(logging.WARNING)
        self._console, self._tracebacks = console, tracebacks

    def emit(self, record: logging.LogRecord) -> None:
        self._console.note(self.format(record) if self._tracebacks else record.getMessage())


def standard_console() -> Console:
    """The streams of the process; one that was closed before it began swallows what is written to it."""
    nowhere = Path(os.devnull)
    out, err = sys.stdout or nowhere.open("w"), sys.stderr or nowhere.open("w")
    return Console(out, err, sys.stdin or nowhere.open())


def _rich(stream: TextIO) -> RichConsole:
    from rich.console import Console as RichConsole

    return RichConsole(file=stream, highlight=False, width=None if stream.isatty() else WIDE)


def _drawn(table: Table, stream: TextIO, redact: Callable[[str], str]) -> str:
    """The table as text, without the blanks that would fill its last column."""
    console = _rich(stream)
    with console.capture() as captured:
        console.print(_table(table, redact, console.width))
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def _table(table: Table, redact: Callable[[str], str], width: int) -> Any:
    """Drawn without breaking a word, where the width has room for the longest one of each column."""
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, pad_edge=False, show_header=bool(table.columns), padding=(0, 2, 0, 0))
    columns = table.columns or [""] * len(table.rows[0] if table.rows else ())
    longest = [max(map(len, " ".join(cells).split()), default=0) for cells in zip(columns, *table.rows, strict=True)]
    whole = sum(longest) + 2 * len(longest) <= width
    for column, word in zip(columns, longest, strict=True):
        drawn.add_column(column, overflow="fold", min_width=word if whole else None)
    for row in table.rows:
        drawn.add_row(*(Text(redact(cell)) for cell in row))
    return drawn
