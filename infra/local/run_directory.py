"""The files of one model server: what it is to run, how it is doing, its key, its log, and the locks.

`<project>/.llmctl/stacks/<stack>/servers/<name>/`, mode 0700:

| file              | written by          | holds                                                  |
|-------------------|---------------------|--------------------------------------------------------|
| `spec.json`       | whoever starts it   | the command line and what else the supervisor must know |
| `api_key`         | whoever starts it   | the key, mode 0600                                     |
| `state.json`      | the supervisor      | its pid, the server's pid, phase, crashes              |
| `supervisor.lock` | the supervisor      | nothing; it is locked as long as the supervisor lives  |
| `change.lock`     | whoever starts/stops | nothing; one start or stop at a time                   |
| `server.log`      | server, supervisor  | their stderr; older parts are `server.log.1` and up    |
| `runtime/`        | the server          | its private socket                                     |
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from llmctl.infra.process_id import ProcessId

LOCK_POLL_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class ServerSpec:
    """What to run. Two specs of one identity may share a process."""

    command: tuple[str, ...]
    url: str
    model: str
    identity: str
    """A digest of everything that needs a new process when it changes, files that the command names included."""

    grace: float
    """Seconds the server may go on answering after it was asked to stop."""

    start_timeout: float
    """Seconds after which a server that has not become healthy counts as crashed."""

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@dataclass(frozen=True, kw_only=True)
class SupervisorState:
    """What the supervisor last wrote down. It may have died since."""

    supervisor: ProcessId
    server: ProcessId | None
    identity: str
    phase: str
    """starting, running, crash-looping, stopping or stopped."""

    started_at: float
    """When the present server process was started, in seconds since the epoch."""

    restarts: int
    last_exit: str


class RunDirectory:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.spec_file = path / "spec.json"
        self.state_file = path / "state.json"
        self.api_key_file = path / "api_key"
        self.supervisor_lock = path / "supervisor.lock"
        self.change_lock = path / "change.lock"
        self.log_file = path / "server.log"
        self.runtime = path / "runtime"

    def create(self) -> None:
        self.runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    def spec(self) -> ServerSpec | None:
        raw = _read(self.spec_file)
        return ServerSpec(**{**raw, "command": tuple(raw["command"])}) if raw else None

    def write_spec(self, spec: ServerSpec) -> None:
        write_private(self.spec_file, json.dumps(asdict(spec), indent=1))

    def state(self) -> SupervisorState | None:
        raw = _read(self.state_file)
        if not raw:
            return None
        server = ProcessId(**raw.pop("server")) if raw["server"] else raw.pop("server")
        return SupervisorState(supervisor=ProcessId(**raw.pop("supervisor")), server=server, **raw)

    def write_state(self, state: SupervisorState) -> None:
        write_private(self.state_file, json.dumps(asdict(state), indent=1))

    def api_key(self) -> str | None:
        with suppress(FileNotFoundError):
            return self.api_key_file.read_text() or None
        return None

    def write_api_key(self, key: str) -> None:
        write_private(self.api_key_file, key)

    def is_supervised(self) -> bool:
        """Whether a supervisor holds its lock. A shared probe: two readers never take one another for it."""
        try:
            with locked(self.supervisor_lock, timeout=0, shared=True, create=False):
                return False
        except FileNotFoundError:
            return False
        except TimeoutError:
            return True


def _read(file: Path) -> dict[str, Any]:
    try:
        raw: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return raw


def write_private(file: Path, text: str) -> None:
    """Write a file of mode 0600 so that a reader sees the old text or the new one, never a part."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "w") as out:
        out.write(text)
    Path(name).replace(file)


@contextmanager
def locked(file: Path, *, timeout: float, shared: bool = False, create: bool = True) -> Iterator[None]:
    """Hold a lock that ends with this process, whatever happens to it, and that no child inherits.

    Raises TimeoutError after `timeout` seconds, FileNotFoundError if the file may not be created and is not there.
    """
    deadline = time.monotonic() + timeout
    handle = os.open(file, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    try:
        while not _lock(handle, shared):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{file} is locked by another process")
            time.sleep(LOCK_POLL_SECONDS)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, shared: bool) -> bool:
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
