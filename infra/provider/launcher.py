"""The executable by which the Pulumi CLI starts the plugin, with and without llmctl."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

NAME = "pulumi-resource-llmctl"


def write_launcher(directory: Path) -> Path:
    """Write the executable that `plugins.providers[].path` in Pulumi.yaml leads to. Returns its path.

    It names the interpreter that runs now: a virtual environment that was moved or rebuilt is found again
    at the next call. An unchanged file is left alone, since a running CLI may be reading it.
    """
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m llmctl.infra.provider "$@"\n'
    launcher = directory / NAME
    with suppress(FileNotFoundError):
        if launcher.read_text() == script and os.access(launcher, os.X_OK):
            return launcher
    directory.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=directory, prefix=f".{NAME}.")
    with os.fdopen(handle, "w") as out:
        out.write(script)
    written = Path(name)
    written.chmod(0o755)
    return written.replace(launcher)
