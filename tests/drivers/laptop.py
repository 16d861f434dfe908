"""A user's machine, as far as llmctl sees it: an empty project directory, a home of its own, a free port, processes."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from drivers.eventually import PATIENCE_S, eventually
from drivers.ports import free_port

T = TypeVar("T")

PATIENCE_OF_A_COMMAND = 900.0
"""Seconds; an update in a cluster waits for answers that take minutes."""

LLMCTL = Path(sys.executable).with_name("llmctl")


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Laptop:
    def __init__(self, directory: Path) -> None:
        self.directory = directory / "project"
        self.directory.mkdir()
        self.home = directory / "home"
        self.home.mkdir()
        self.port = free_port()
        self.environ = {
            "HOME": str(self.home),
            "PATH": os.pathsep.join([str(LLMCTL.parent), os.environ["PATH"]]),
            # The Pulumi CLI and the model are the machine's; what Pulumi writes is this laptop's.
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
            "PULUMI_HOME": str(directory / "pulumi-home"),
        }
        self.llmctl("init")
        self.sets(f"llmctl:port: {self.port}")

    def sets(self, *lines: str) -> None:
        with (self.directory / "stacks" / "Pulumi.local.yaml").open("a") as file:
            file.writelines(f"  {line}\n" for line in lines)

    def pulumi_cli(self) -> Path:
        return Path(self.llmctl("setup", "--json").json["pulumi"]["path"])

    def llmctl(self, *arguments: str) -> Ran:
        return self.runs([str(LLMCTL), *arguments])

    def runs(self, command: list[str], cwd: Path | None = None, **environ: str) -> Ran:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd or self.directory,
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_OF_A_COMMAND,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def types(self, dialogue: Mapping[str, str], *arguments: str) -> Ran:
        """Run a command at a terminal; each text is typed when its prompt is seen. `out` is all that was shown."""
        ours, its = pty.openpty()
        environ = {**self.environ, "TERM": "xterm"}
        process = subprocess.Popen(
            [str(LLMCTL), *arguments], cwd=self.directory, env=environ, stdin=its, stdout=its, stderr=its
        )
        os.close(its)
        shown, waiting = "", list(dialogue.items())
        with contextlib.suppress(OSError):  # the terminal is gone when its last user ends
            while piece := _read(ours):
                shown += piece
                if waiting and waiting[0][0] in shown:
                    os.write(ours, waiting.pop(0)[1].encode())
        os.close(ours)
        return Ran(process.wait(PATIENCE_S), shown, "")

    def begins(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(LLMCTL), *arguments],
            cwd=self.directory,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def begins_and_stalls(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a command, and hold it in the middle of its create: the model server is stopped while it loads."""
        process = self.begins(*arguments)
        server = eventually(lambda: next(self.processes("llmctl.serving.server"), None))
        server.send_signal(signal.SIGSTOP)
        return process

    def goes_on(self) -> None:
        for server in self.processes("llmctl.serving.server"):
            server.send_signal(signal.SIGCONT)

    def processes(self, of: str = "") -> Iterator[psutil.Process]:
        """The processes of this laptop (the directory stands in their command line or environment), by a word."""
        for process in psutil.process_iter():
            try:
                line = " ".join(process.cmdline())
                mine = str(self.directory) in line or process.environ().get("HOME") == str(self.home)
                if mine and of in line and process.status() != psutil.STATUS_ZOMBIE:
                    yield process
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue

    def one(self, of: str) -> psutil.Process:
        found = list(self.processes(of))
        assert len(found) == 1, f"expected one {of}, there are {[process.cmdline() for process in found]}"
        return found[0]

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def pulumi_locks(self) -> list[Path]:
        return list((self.directory / ".llmctl" / "state").glob(".pulumi/locks/**/*.json"))

    def checkpoint(self) -> dict[str, Any]:
        path = self.directory / ".llmctl/state/.pulumi/stacks/llmctl/local.json"
        latest: dict[str, Any] = json.loads(path.read_text())["checkpoint"]["latest"] or {}
        return latest

    def is_sound(self) -> None:
        """Healthy, one server, one supervisor, no lock, no pending operation, no plugin process."""
        assert self.llmctl("status", "local", "--json").json["healthy"]
        self.one("llmctl.serving.server")
        self.one("llmctl.infra.local.supervisor")
        assert self.pulumi_locks() == []
        assert not self.checkpoint().get("pending_operations")
        assert list(self.processes("llmctl.infra.provider")) == []

    def is_empty(self) -> None:
        assert [process.cmdline() for process in self.processes()] == []


def _read(terminal: int) -> str:
    readable, _, _ = select.select([terminal], [], [], PATIENCE_S)
    assert readable, "nothing more was shown, and the command did not end"
    return os.read(terminal, 65536).decode(errors="replace")
