"""The door to the supervised model server of one directory, without Pulumi. Imports in tens of milliseconds."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from llmctl.infra.errors import DeploymentFailed
from llmctl.infra.local.run_directory import RunDirectory, ServerSpec, SupervisorState, locked
from llmctl.infra.process_id import ProcessId

POLL_SECONDS = 0.05
SUPERVISOR_START_SECONDS = 30.0
"""Python's own start takes about 0.2 s; a loaded machine gets a hundred times that before we call it a failure."""

HARD_STOP_SECONDS = 5.0
"""What a process gets to vanish after SIGKILL, and a supervisor after its server has."""

CREDENTIAL = re.compile(r"^PULUMI_|TOKEN|SECRET|PASSWORD|PASSPHRASE|API_?KEY|CREDENTIAL|ACCESS_KEY", re.IGNORECASE)
"""Environment variables that end here: the server outlives the command and needs none of them."""

State = Literal["running", "starting", "unsupervised", "crash-looping", "stopped"]


@dataclass(frozen=True, kw_only=True)
class ServerStatus:
    state: State
    pid: int | None = None
    supervisor_pid: int | None = None
    url: str = ""
    model: str = ""
    identity: str = ""
    """That of the spec which the living server was started with."""

    started_at: float | None = None
    """Seconds since the epoch."""

    restarts: int = 0
    last_exit: str = ""
    memory: int = 0
    """Resident bytes of the server and of what it started."""

    @property
    def alive(self) -> bool:
        return self.state != "stopped"


class ServerProcess:
    def __init__(self, directory: Path) -> None:
        self.directory = RunDirectory(directory)

    @property
    def log_file(self) -> Path:
        return self.directory.log_file

    def status(self) -> ServerStatus:
        """How the server is doing now, from locks and processes; files are only believed about the past."""
        supervised, spec, state = self.directory.is_supervised(), self.directory.spec(), self.directory.state()
        if state is None or (supervised and not state.supervisor.alive()):
            return ServerStatus(state="starting" if supervised else "stopped")
        server = state.server if state.server and state.server.alive() else None
        return ServerStatus(
            state=_state(state.phase, supervised, server),
            pid=server.pid if server else None,
            supervisor_pid=state.supervisor.pid if supervised else None,
            url=spec.url if spec else "",
            model=spec.model if spec else "",
            identity=state.identity if server or supervised else "",
            started_at=state.started_at if server else None,
            restarts=state.restarts,
            last_exit=state.last_exit,
            memory=_memory(server) if server else 0,
        )

    def start(self, spec: ServerSpec, api_key: str) -> bool:
        """Make a supervised server of this spec run; it need not be healthy yet. True if a new one was started.

        One that already runs with a spec of the same identity is kept; anything else in this directory is stopped.
        Raises DeploymentFailed when no supervisor comes up.
        """
        self.directory.create()
        with self._changing():
            status = self.status()
            kept = status.state in ("running", "starting") and status.identity == spec.identity
            if not kept:
                self._stop(grace=None)
            self.directory.write_api_key(api_key)
            self.directory.write_spec(spec)
            if not kept:
                self._start_supervisor()
            return not kept

    def wait_until_ready(self, spec: ServerSpec, check_cancelled: Callable[[], None]) -> None:
        """Return when the server is loaded and answers its health check.

        Raises DeploymentFailed as soon as it has crashed once or is overdue, and whatever `check_cancelled` raises.
        """
        deadline = time.monotonic() + spec.start_timeout
        crashes = self.status().restarts
        while (status := self.status()).state != "running":
            check_cancelled()
            if not status.alive or status.restarts > crashes or status.state in ("crash-looping", "unsupervised"):
                why = status.last_exit or f"state {status.state}"
                raise DeploymentFailed(f"the model server {why}; its log is {self.log_file}")
            if time.monotonic() > deadline:
                raise DeploymentFailed(
                    f"the model server was not healthy after {spec.start_timeout:g} s; its log is {self.log_file}"
                )
            time.sleep(POLL_SECONDS)

    def stop(self, grace: float | None = None) -> None:
        """Stop server and supervisor: gracefully for `grace` seconds (None: as its spec says), then hard."""
        if not self.directory.path.exists():
            return
        with self._changing():
            self._stop(grace)

    def remove(self) -> None:
        """Remove what the stopped server needed. The log stays, for whoever asks later what happened."""
        directory = self.directory
        for file in (directory.api_key_file, directory.spec_file, directory.state_file, directory.supervisor_lock):
            file.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.rmtree(directory.runtime)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One start or stop at a time; the other one may have to wait for a drain before it is done."""
        spec = self.directory.spec()
        patience = (spec.grace if spec else 0.0) + SUPERVISOR_START_SECONDS
        try:
            with locked(self.directory.change_lock, timeout=patience):
                yield
        except TimeoutError as error:
            raise DeploymentFailed(f"{error}, which starts or stops this model server; try again") from error

    def _stop(self, grace: float | None) -> None:
        state, spec = self._settled_state(), self.directory.spec()
        if state is None:
            return
        patience = grace if grace is not None else spec.grace if spec else 0.0
        if self.directory.is_supervised():
            state.supervisor.send(signal.SIGTERM)
            # Its own deadline is the same one; what comes on top is for the killing.
            if not _ends_within(state.supervisor, patience + HARD_STOP_SECONDS):
                state.supervisor.send(signal.SIGKILL)
                _ends_within(state.supervisor, HARD_STOP_SECONDS)
                patience = 0.0
            state = self.directory.state() or state
        orphans = {*_strays(spec), *([state.server] if state.server else [])}
        for orphan in orphans:
            _stop_orphan(orphan, patience)

    def _settled_state(self) -> SupervisorState | None:
        """The state as the living supervisor wrote it, which it does right after it took its lock."""
        deadline = time.monotonic() + HARD_STOP_SECONDS
        while True:
            state = self.directory.state()
            stale = state is None or not state.supervisor.alive()
            if not (stale and self.directory.is_supervised()) or time.monotonic() > deadline:
                return state
            time.sleep(POLL_SECONDS)

    def _start_supervisor(self) -> None:
        self.directory.state_file.unlink(missing_ok=True)
        # -P: a directory of the user's called `llmctl` or `signal` must not be imported instead.
        command = [sys.executable, "-P", "-m", "llmctl.infra.local.supervisor", str(self.directory.path)]
        environment = {name: value for name, value in os.environ.items() if not CREDENTIAL.search(name)}
        with self.log_file.open("ab") as log:
            self.log_file.chmod(0o600)
            left = subprocess.run(
                command, check=False, cwd="/", env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + SUPERVISOR_START_SECONDS
        while self.directory.state() is None:
            if left.returncode or time.monotonic() > deadline:
                raise DeploymentFailed(f"no supervisor came up; its log is {self.log_file}")
            time.sleep(POLL_SECONDS)


def _state(phase: str, supervised: bool, server: ProcessId | None) -> State:
    if not supervised:
        return "unsupervised" if server else "stopped"
    if phase == "crash-looping":
        return "crash-looping"
    return "running" if phase == "running" and server else "starting"


def _strays(spec: ServerSpec | None) -> Iterator[ProcessId]:
    """Servers that a supervisor had started when it was killed, an instant before it could write down which."""
    for process in psutil.process_iter(["cmdline"]):
        if spec and process.info["cmdline"] == list(spec.command):
            with suppress(psutil.NoSuchProcess):
                yield ProcessId.of(process.pid)


def _stop_orphan(server: ProcessId, patience: float) -> None:
    server.send(signal.SIGTERM)
    if not _ends_within(server, patience):
        server.kill_group()
        _ends_within(server, HARD_STOP_SECONDS)


def _memory(server: ProcessId) -> int:
    total = 0
    for process in server.family():
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total


def _ends_within(process: ProcessId, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while process.alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
