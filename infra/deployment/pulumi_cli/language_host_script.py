"""Place the executable `pulumi-language-python` beside a Pulumi CLI that llmctl built itself, and nowhere else."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path

NAME = "pulumi-language-python"
MODULE = "llmctl.infra.deployment.pulumi_cli.language_host"

MARK = "# Written by llmctl: the Python language host for the Pulumi CLI that llmctl built."

SCRIPT = """\
#!/bin/sh
{mark}
# The program needs the Python that has llmctl: the one beside the first llmctl on PATH, else the one that wrote this.
# -P: the project's own files must not stand in for the modules that the host itself imports.
llmctl=$(command -v llmctl) && beside=$(dirname "$(readlink -f "$llmctl")")/python3
for python in "$beside" {recorded}; do
  if [ -x "$python" ]; then exec "$python" -P -u -m {module} "$@"; fi
done
echo "{name}: no Python with llmctl; put its environment's bin directory on PATH, or run: llmctl setup" >&2
exit 1
"""


def place_language_host(bin_directory: Path, *, python: Path | None = None) -> Path:
    """Write the executable for the given interpreter, by default the running one. Returns its path."""
    script, new = bin_directory / NAME, bin_directory / f".{NAME}.{os.getpid()}"
    new.write_text(_script(python or Path(sys.executable)), encoding="utf-8")
    new.chmod(0o755)
    return new.replace(script)


def own_language_host(bin_directory: Path) -> Path | None:
    """The script, where it is there and llmctl wrote it; None beside an official release, which brings a binary."""
    script = bin_directory / NAME
    with suppress(OSError), script.open("rb") as file:
        return script if MARK.encode() in file.read(len(SCRIPT)) else None
    return None


def refresh_language_host(bin_directory: Path) -> None:
    """Let a script that llmctl wrote name the running interpreter. One that llmctl did not write stays as it is."""
    script = own_language_host(bin_directory)
    if script is not None and script.read_text(encoding="utf-8") != _script(Path(sys.executable)):
        with suppress(OSError):  # a directory of somebody else's: the interpreter beside llmctl on PATH still does
            place_language_host(bin_directory)


def _script(python: Path) -> str:
    return SCRIPT.format(mark=MARK, recorded=shlex.quote(str(python)), module=MODULE, name=NAME)
