"""Environment variables as shell commands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from llmctl.cli.view import View


def environment_view(variables: Mapping[str, str]) -> View:
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    # A passphrase in the shell's environment would win over the file.
    forget = ["unset PULUMI_CONFIG_PASSPHRASE"] if "PULUMI_CONFIG_PASSPHRASE_FILE" in variables else []
    return View(dict(variables), [*forget, *exports])
