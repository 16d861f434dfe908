"""docs/commands.md, from the commands themselves."""

from __future__ import annotations

from typing import Any

from typer.testing import CliRunner

from llmctl.cli.application import Application
from llmctl.cli.main import GROUPS, application


def page() -> str:
    line = application(Application())
    names = [[command.callback.__name__] for command in line.registered_commands if command.callback]
    names += [[name, str(command.name)] for name, group in GROUPS.items() for command in group.registered_commands]
    names += [[name] for name, group in GROUPS.items() if group.info.invoke_without_command]
    sections = [f"## llmctl {' '.join(name)}\n\n```\n{_help(line, name)}```\n" for name in sorted(names)]
    return "# Commands\n\nWritten by `docs/generate.py` from the commands themselves.\n\n" + "\n".join(sections)


def _help(line: Any, name: list[str]) -> str:
    result = CliRunner().invoke(
        line, [*name, "--help"], prog_name="llmctl", env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"}
    )
    return result.output
