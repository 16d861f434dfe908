"""A real relay and real fetchers, each in its own process, and the words tests need to talk about them."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from drivers.eventually import PATIENCE_S, eventually
from drivers.ports import free_port

from llmctl.serving.weights.configuration import WeightsConfiguration
from llmctl.serving.weights.progress import Finished, parse_line
from llmctl.serving.weights.spec import Weights


@dataclass
class WeightsStack:
    """One stack's configuration in a file, its relay, and the directories of its replicas."""

    directory: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables of the relay; a fetcher gets none."""

    port: int = field(default_factory=free_port)
    relay: subprocess.Popen[bytes] | None = None

    @property
    def configuration(self) -> Path:
        return self.directory / "weights.json"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def serves(self, **models: Weights) -> None:
        """Write the configuration, and start the relay anew with it."""
        self.configuration.write_text(WeightsConfiguration(models=models).to_json())
        self.stop_relay()
        self.start_relay()

    def start_relay(self) -> None:
        command = [sys.executable, "-m", "llmctl.serving.weights.relay", "--configuration", str(self.configuration)]
        with (self.directory / "relay.log").open("ab") as log:
            self.relay = subprocess.Popen(
                [*command, "--hostname", "127.0.0.1", "--port", str(self.port)],
                stderr=log,
                env={**_bare_environment(), **self.environ},
            )
        eventually(lambda: self._relay_ended() or self._relay_answers(), "the relay answers")
        assert not self._relay_ended(), self.relay_log()

    def stop_relay(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        if self.relay is None:
            return None
        self.relay.send_signal(number)
        code = self.relay.wait(timeout=PATIENCE_S)
        self.relay = None
        return code

    def relay_log(self) -> str:
        return (self.directory / "relay.log").read_text(errors="replace")

    def get(self, path: str, **headers: str) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            return client.get(f"{self.url}{path}", headers=headers)

    def fetcher(
        self, model: str, *flags: str, volume: Path | None = None, file_limit: int | None = None, patience: float = 60
    ) -> Fetcher:
        """An init container that has begun; `file_limit`: bytes that its disk has room for in one file."""
        target = self.directory / "replica" / model
        target.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "llmctl.serving.weights.fetch", "--configuration", str(self.configuration)]
        source = ["--volume", str(volume)] if volume else ["--relay", self.url]
        log = self.directory / f"fetch-{model}-{len(list(self.directory.glob('fetch-*')))}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*command, "--model", model, "--directory", str(target), *source, "--patience", str(patience), *flags],
                stdout=out,
                stderr=out,
                env=_bare_environment(),
                preexec_fn=None if file_limit is None else lambda: _limit_files(file_limit),
            )
        return Fetcher(process, target, log)

    def fetched(self, model: str, *flags: str, volume: Path | None = None) -> Fetcher:
        """An init container that has ended with 0."""
        fetcher = self.fetcher(model, *flags, volume=volume)
        assert fetcher.exit_code() == 0, fetcher.said() + self.relay_log()
        return fetcher

    def _relay_ended(self) -> bool:
        return self.relay is not None and self.relay.poll() is not None

    def _relay_answers(self) -> bool:
        try:
            return self.get("/health").status_code == 200
        except httpx.TransportError:
            return False


@dataclass
class Fetcher:
    process: subprocess.Popen[bytes]
    directory: Path
    log_file: Path

    def exit_code(self) -> int:
        return self.process.wait(timeout=PATIENCE_S)

    def killed(self) -> None:
        self.process.kill()
        self.process.wait()

    def said(self) -> str:
        return self.log_file.read_text(errors="replace")

    def last_line(self) -> str:
        return self.said().rstrip().rpartition("\n")[2]

    def finished(self) -> Finished:
        line = parse_line(self.last_line())
        assert isinstance(line, Finished), self.said()
        return line

    def files(self) -> dict[str, bytes]:
        """What an engine sees in the directory."""
        found = (path for path in self.directory.rglob("*") if path.is_file())
        relative = ((path.relative_to(self.directory), path) for path in found)
        return {str(name): path.read_bytes() for name, path in relative if not name.parts[0].startswith(".")}

    def parts_arrived(self) -> int:
        """Parts that would survive the process, of files that are not whole."""
        return sum(sum(path.read_bytes()) for path in (self.directory / ".partial").glob("*.parts"))

    def damages_what_arrived(self) -> None:
        """As a node that crashes before its disk was flushed."""
        for path in (self.directory / ".partial").glob("*.parts"):
            with path.with_suffix("").open("r+b") as file:
                file.write(bytes(4096))


@contextmanager
def weights_stack(directory: Path, **environ: str) -> Iterator[WeightsStack]:
    stack = WeightsStack(directory, environ)
    try:
        yield stack
    finally:
        if stack.relay is not None:
            stack.relay.kill()
            stack.relay.wait()


def _bare_environment() -> dict[str, str]:
    """Nothing of whoever runs the tests: neither proxies nor credentials."""
    return {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}


def _limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
