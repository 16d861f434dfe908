"""Write the documentation that follows from the code: commands, settings, hardware, models. --check only compares."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hardware_page
import model_facts_page
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from llmctl.cli.application import Application
from llmctl.cli.main import application
from llmctl.infra.model_settings import ModelSettings, Settings, SpeculationSettings
from llmctl.infra.schema import allowed
from llmctl.infra.settings import StackSettings

HERE = Path(__file__).parent
GROUPS = {"config": ["show"], "images": ["list", "lock", "mirror"]}


def commands() -> str:
    line = application(Application())
    names = [[command.callback.__name__] for command in line.registered_commands if command.callback]
    names += [[group, command] for group, inner in GROUPS.items() for command in inner]
    sections = [f"## llmctl {' '.join(name)}\n\n```\n{_help(line, name)}```\n" for name in sorted(names)]
    return "# Commands\n\nWritten by `docs/generate.py` from the commands themselves.\n\n" + "\n".join(sections)


def _help(line: Any, name: list[str]) -> str:
    result = CliRunner().invoke(
        line, [*name, "--help"], prog_name="llmctl", env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"}
    )
    return result.output


def settings() -> str:
    rows = _rows(StackSettings, (), "llmctl:") + _rows(ModelSettings, ("models", "any"), "llmctl:models.NAME.")
    rows += _rows(SpeculationSettings, ("models", "any", "speculation"), "llmctl:models.NAME.speculation.")
    table = "\n".join(f"| `{key}` | {default} | {what} | {words} |" for key, default, what, words in rows)
    return (
        "# Settings\n\nWritten by `docs/generate.py` from the settings themselves. They stand below `config:` in\n"
        "`stacks/Pulumi.<stack>.yaml`; `llmctl config show STACK` prints them all, each with where it comes from.\n"
        "`llmctl:model: X` is short for a `llmctl:models:` map with one model of that name and id.\n"
        "`llmctl:apiKey` is a secret: `pulumi config set --secret llmctl:apiKey`; left out, a key is made.\n\n"
        f"| key | default | allowed | what it is |\n| --- | --- | --- | --- |\n{table}\n"
    )


def _rows(model: type[Settings], location: tuple[str, ...], prefix: str) -> list[tuple[str, ...]]:
    return [
        (
            f"{prefix}{field.alias}",
            _default(field),
            allowed((*location, field.alias or name)) or "",
            " ".join((field.description or "").split()),
        )
        for name, field in model.model_fields.items()
    ]


def _default(field: FieldInfo) -> str:
    if field.alias == "id":
        return "its name"
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    return "unset" if default in (None, {}) else f"`{str(default).lower() if default is False else default}`"


def main() -> int:
    stale = []
    pages = {"commands.md": commands(), "settings.md": settings(), "hardware.md": hardware_page.page()}
    pages["model-facts.md"] = model_facts_page.page()
    for name, text in pages.items():
        path = HERE / name
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
    if stale:
        print(f"docs/{', docs/'.join(stale)}: not what the code says; run docs/generate.py", file=sys.stderr)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
