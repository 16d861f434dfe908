from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from llmctl.infra.deployment.interruption import Interruption
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli
from llmctl.infra.deployment.pulumi_process import PulumiProcess
from llmctl.infra.errors import Interrupted

STUBBORN = """#!{python}
import os, signal, sys
signal.signal(signal.SIGINT, lambda *_: (print("interrupted"), sys.exit(1)))
print("ready", os.getsid(0) == os.getpid(), os.environ.get("PULUMI_CONFIG_PASSPHRASE"), flush=True)
signal.pause()
"""


def cli(directory: Path) -> PulumiCli:
    """A program that goes on until it gets a SIGINT, in the place of the Pulumi CLI."""
    path = directory / "pulumi"
    path.write_text(STUBBORN.format(python=sys.executable))
    path.chmod(0o755)
    return PulumiCli(path=path, version="3.259.0", way="path", why="")


def test_a_signal_reaches_the_pulumi_cli_once_and_it_may_finish(tmp_path: Path) -> None:
    interruption, lines, told = Interruption(), list[str](), list[int]()

    def on_output(line: str) -> None:
        lines.append(line)
        if line.startswith("ready"):
            os.kill(os.getpid(), signal.SIGINT)

    command = PulumiProcess(cli(tmp_path), interruption)
    with pytest.raises(Exception, match="code: 1"):
        interruption.run(lambda: command.run([], str(tmp_path), {}, on_output), told.append)
    assert lines[0].startswith("ready True"), "the CLI must run in a session of its own"
    assert lines[1:] == ["interrupted"]
    assert told == [1]


def test_after_a_signal_nothing_more_is_started(tmp_path: Path) -> None:
    interruption = Interruption()
    interruption(signal.SIGINT, None)
    with pytest.raises(Interrupted, match="The state is consistent"):
        PulumiProcess(cli(tmp_path), interruption).run([], str(tmp_path), {})


def test_a_passphrase_of_the_users_environment_does_not_win_over_our_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "theirs")
    script = tmp_path / "pulumi"
    script.write_text('#!/bin/sh\necho "$PULUMI_CONFIG_PASSPHRASE|$PULUMI_CONFIG_PASSPHRASE_FILE"\n')
    script.chmod(0o755)
    command = PulumiProcess(PulumiCli(path=script, version="3.259.0", way="path", why=""), Interruption())
    assert command.run([], str(tmp_path), {"PULUMI_CONFIG_PASSPHRASE_FILE": "/f"}).stdout == "|/f"


def test_handlers_are_put_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert Interruption().run(threading.get_ident, print) != threading.get_ident()
    assert signal.getsignal(signal.SIGTERM) == before
