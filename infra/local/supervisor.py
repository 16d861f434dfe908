"""`python -P -m llmctl.infra.local.supervisor DIRECTORY`: keep one model server running.

It leaves the terminal and the process group of whoever started it, holds the directory's supervisor lock for
as long as it lives, and starts the command of spec.json: again at once after a crash, then with growing delays.
SIGTERM asks the server to stop, waits its grace period (as spec.json has it then), kills its group, and ends.
"""

from __future__ import annotations

import http.client
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from llmctl.infra.local.log_rotation import last_line, rotate
from llmctl.infra.local.restart_policy import Crashes
from llmctl.infra.local.run_directory import RunDirectory, ServerSpec, SupervisorState, locked
from llmctl.infra.process_id import ProcessId

HEALTH_INTERVAL_SECONDS = 0.1
LOG_INTERVAL_SECONDS = 5.0
LOCK_SECONDS = 5.0
"""A reader's probe holds the lock for an instant; another supervisor holds it for good."""


class Signals:
    """SIGTERM and SIGCHLD as something one can wait for, with no moment in which one is missed."""

    def __init__(self) -> None:
        self.stop_requested = False
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _stop(self, *_: object) -> None:
        self.stop_requested = True

    def wait(self, seconds: float) -> None:
        """Return after that time, or as soon as a signal came."""
        select.select([self._read], [], [], seconds)
        with suppress(BlockingIOError):
            os.read(self._read, 4096)


@dataclass
class Server:
    """One run of the server process."""

    spec: ServerSpec
    process: subprocess.Popen[bytes]
    log_offset: int
    id: ProcessId = field(init=False)
    started_at: float = field(default_factory=time.time)
    began: float = field(default_factory=time.monotonic)
    healthy_since: float | None = None

    def __post_init__(self) -> None:
        self.id = ProcessId.of(self.process.pid)

    def healthy_for(self) -> float | None:
        return None if self.healthy_since is None else time.monotonic() - self.healthy_since

    def overdue(self) -> bool:
        return self.healthy_since is None and time.monotonic() - self.began > self.spec.start_timeout


class Supervisor:
    def __init__(self, directory: RunDirectory, signals: Signals) -> None:
        self._directory, self._signals = directory, signals
        self._crashes = Crashes()
        self._restarts = 0
        self._last_exit = ""

    def run(self) -> None:
        """Keep the server running until SIGTERM, or until it proved futile."""
        while True:
            server = self._start()
            reason = self._watch(server)
            if reason is None:
                self._record("stopped", server)
                return
            self._last_exit = reason
            self._crashes = self._crashes.another(server.healthy_for())
            if not self._wait_for_the_next_start(server):
                self._record("stopped", server)
                return
            self._restarts += 1

    def _start(self) -> Server:
        spec = self._directory.spec()
        if spec is None:
            raise SystemExit(f"{self._directory.spec_file} is gone; nothing to start")
        rotate(self._directory.log_file)
        offset = self._directory.log_file.stat().st_size
        server = Server(spec, self._spawn(spec), offset)
        self._record(self._unhealthy_phase(), server)
        return server

    def _spawn(self, spec: ServerSpec) -> subprocess.Popen[bytes]:
        with self._directory.log_file.open("ab") as log:
            # A group of its own: killing it hard must reach whatever it started, and not the supervisor.
            return subprocess.Popen(
                spec.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _watch(self, server: Server) -> str | None:
        """Wait until the server has ended. Returns why, or None if it was asked to."""
        while True:
            code = server.process.poll()
            if self._signals.stop_requested:
                self._stop(server)
                return None
            if code is not None:
                return self._explain(server, code)
            if server.healthy_since is None and is_healthy(server):
                server.healthy_since = time.monotonic()
                self._record("running", server)
            if server.overdue():
                server.id.kill_group()
                server.process.wait()
                return f"was not healthy after {server.spec.start_timeout:g} s"
            rotate(self._directory.log_file)
            self._signals.wait(HEALTH_INTERVAL_SECONDS if server.healthy_since is None else LOG_INTERVAL_SECONDS)

    def _wait_for_the_next_start(self, server: Server) -> bool:
        delay = self._crashes.delay()
        if delay is None:
            self._say(f"given up after {self._crashes.futile} starts: {self._last_exit}")
            return False
        self._say(f"server {self._last_exit}; starting again in {delay:g} s")
        self._record(self._unhealthy_phase(), server)
        until = time.monotonic() + delay
        while not self._signals.stop_requested and (left := until - time.monotonic()) > 0:
            self._signals.wait(left)
        return not self._signals.stop_requested

    def _stop(self, server: Server) -> None:
        self._record("stopping", server)
        server.id.send(signal.SIGTERM)
        spec = self._directory.spec()
        # Read again: the grace period may have been changed since this server was started.
        until = time.monotonic() + (spec or server.spec).grace
        while server.process.poll() is None and (left := until - time.monotonic()) > 0:
            self._signals.wait(left)
        if server.process.poll() is None:
            self._say("server did not stop within its grace period; killing it")
            server.id.kill_group()
            server.process.wait()

    def _explain(self, server: Server, code: int) -> str:
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        said = last_line(self._directory.log_file, server.log_offset) if code > 0 else ""
        return f"{how}: {said}" if said else how

    def _unhealthy_phase(self) -> str:
        return "crash-looping" if self._crashes.looping else "starting"

    def _record(self, phase: str, server: Server) -> None:
        state = SupervisorState(
            supervisor=ProcessId.own(),
            server=server.id,
            identity=server.spec.identity,
            phase=phase,
            started_at=server.started_at,
            restarts=self._restarts,
            last_exit=self._last_exit,
        )
        self._directory.write_state(state)

    def _say(self, message: str) -> None:
        line = f"{datetime.now(UTC).isoformat(timespec='seconds')} supervisor: {message}\n"
        with self._directory.log_file.open("a") as log:
            log.write(line)


def is_healthy(server: Server) -> bool:
    """Whether this very server answers: another process on its port may say 200 too."""
    host = server.spec.url.removeprefix("http://").rpartition(":")[0].strip("[]")
    return listens(server.id, server.spec.port) and _answers(host, server.spec.port)


def listens(process: ProcessId, port: int) -> bool:
    """Whether the process, or one it started, has a listening TCP socket on that port."""
    for member in process.family():
        with suppress(psutil.NoSuchProcess):
            sockets = member.net_connections("tcp")
            if any(s.status == psutil.CONN_LISTEN and s.laddr.port == port for s in sockets):
                return True
    return False


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def detach(log: Path) -> None:
    """Leave the parent, its session and its terminal for good; output goes to the log."""
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)  # a session leader could get a terminal again by opening one
    os.chdir("/")
    os.umask(0o077)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, null), (1, out), (2, out)):
        os.dup2(source, target)


def main(arguments: list[str]) -> None:
    directory = RunDirectory(Path(arguments[0]).absolute())
    detach(directory.log_file)
    signals = Signals()
    with locked(directory.supervisor_lock, timeout=LOCK_SECONDS):
        Supervisor(directory, signals).run()


if __name__ == "__main__":
    main(sys.argv[1:])
