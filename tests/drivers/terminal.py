"""A terminal to run llmctl in: what it prints, what it is answered, and whether anybody is there at all."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from llmctl.cli.application import Application
from llmctl.cli.console import Console
from llmctl.cli.main import run

TODAY = date(2026, 11, 24)
"""The day it is for llmctl there."""


class _Stream(io.StringIO):
    def __init__(self, text: str = "", *, tty: bool) -> None:
        super().__init__(text)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


@dataclass
class Terminal:
    """Runs commands in this process. `answers` are the lines typed; without any, nobody is at the terminal."""

    directory: Path
    answers: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: {"PATH": "/nowhere"})
    images: Sequence[str] = ()
    """What the engines run, as far as `llmctl images` knows."""
    out: str = ""
    err: str = ""

    def llmctl(self, *arguments: str) -> int:
        """Run one command; returns its exit code, `out` and `err` hold what it printed."""
        out, err = _Stream(tty=False), _Stream(tty=bool(self.answers))
        console = Console(out, err, _Stream(self.answers, tty=bool(self.answers)))
        app = Application(console, self.environ, self.directory, engine_images=lambda: self.images, today=lambda: TODAY)
        code = run(app, arguments)
        self.out, self.err = out.getvalue(), err.getvalue()
        return code
