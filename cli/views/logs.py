"""Lines of a log."""

from __future__ import annotations

from collections.abc import Sequence

from llmctl.cli.view import View


def log_view(stack: str, lines: Sequence[str]) -> View:
    return View({"stack": stack, "lines": list(lines)}, list(lines))
