"""How the Automation API runs the Pulumi CLI: in a session of its own, without a terminal, and interruptible."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import IO, Any

from pulumi import automation as auto
from pulumi.automation._cmd import CommandResult
from pulumi.automation.errors import create_command_error
from semver import VersionInfo

from llmctl.infra.deployment.environment import PASSPHRASE, PASSPHRASE_FILE
from llmctl.infra.deployment.interruption import Interruption
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli
from llmctl.infra.errors import Interrupted

OnOutput = Callable[[str], Any]


class PulumiProcess(auto.PulumiCommand):
    """The Pulumi CLI as the Automation API wants it; its version is known, so nothing is started to ask for it."""

    def __init__(self, cli: PulumiCli, interruption: Interruption) -> None:
        self.command = str(cli.path)
        self.version = VersionInfo.parse(cli.version)
        self._interruption = interruption

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: OnOutput | None = None,
        on_error: OnOutput | None = None,
    ) -> CommandResult:
        """Run one Pulumi command. Raises Interrupted when a signal came, CommandError when it failed."""
        if self._interruption.times:
            raise Interrupted("Stopped before the next step. The state is consistent.")
        process = subprocess.Popen(
            [self.command, "--non-interactive", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=_environment(additional_env),
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        with process, self._interruption.stops(lambda: process.send_signal(signal.SIGINT)):
            out, err = _Lines(process.stdout, on_output), _Lines(process.stderr, on_error)
            result = CommandResult(stdout=out.text(), stderr=err.text(), code=process.wait())
        if result.code:
            raise create_command_error(result)
        return result


def _environment(additional: Mapping[str, str]) -> dict[str, str]:
    """Ours on top of the user's. A passphrase variable of theirs would win over our passphrase file, so it goes."""
    given = {**os.environ, **additional, "PULUMI_AUTOMATION_API": "true"}
    if PASSPHRASE_FILE in additional:
        given.pop(PASSPHRASE, None)
    return given


class _Lines(threading.Thread):
    """Reads a stream to its end, handing each line on as it comes."""

    def __init__(self, stream: IO[str] | None, on_line: OnOutput | None) -> None:
        super().__init__(daemon=True)
        self._stream, self._on_line, self._lines = stream, on_line, list[str]()
        self.start()

    def run(self) -> None:
        for line in self._stream or ():
            self._lines.append(line.rstrip())
            if self._on_line:
                self._on_line(line.rstrip())

    def text(self) -> str:
        self.join()
        return "\n".join(self._lines)
