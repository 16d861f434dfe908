"""A real HAProxy with a generated configuration, and the words tests need to talk about it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from drivers.eventually import PATIENCE_S, eventually
from drivers.ports import free_port
from filelock import FileLock
from packing.apt import download
from platformdirs import user_cache_path

from llmctl.serving.gateway.haproxy.administration import Administration, administration
from llmctl.serving.gateway.haproxy.gateway import HaproxyGateway
from llmctl.serving.gateway.spec import GatewaySpec

PACKAGES = ("haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1")
"""Debian 12's, and those of its libraries that a plain Debian does not have."""

SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
DNS_OF_THE_POD = "parse-resolv-conf"


def haproxy_program() -> Path:
    """On PATH, else unpacked from Debian's packages into the user's cache, without root."""
    found = shutil.which("haproxy", path=SYSTEM_PATH)
    return Path(found) if found else _unpacked() / "usr" / "sbin" / "haproxy"


def _unpacked() -> Path:
    name = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:16]
    directory = user_cache_path("llmctl") / "tests" / "haproxy" / name
    directory.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(directory.with_suffix(".lock")):
        if not directory.exists():
            _unpack(directory)
    return directory


def _unpack(directory: Path) -> None:
    unfinished = directory.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    download(PACKAGES, unfinished)
    for package in unfinished.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(unfinished)], check=True)
    unfinished.replace(directory)


def _environment(program: Path) -> dict[str, str]:
    """With the libraries that lie beside a program that was unpacked."""
    libraries = [str(path) for path in (program.parents[1] / "lib").glob("*-linux-gnu")]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(libraries)}


class Haproxy:
    """One gateway, not started yet. Its ports are free ones; its keys lie where the test says."""

    def __init__(self, directory: Path, spec: GatewaySpec, *, dns: str) -> None:
        self.directory = directory
        ports = {name: free_port() for name in ("port", "tunnel_port", "metrics_port", "admin_port")}
        self.spec = replace(spec, **ports)
        self.url = f"{'https' if spec.tls else 'http'}://127.0.0.1:{self.spec.port}"
        self.program = haproxy_program()
        self.process: subprocess.Popen[bytes] | None = None
        # Without TLS there is nothing to trust, and reading all the world's authorities takes a tenth of a second.
        self.trust: ssl.SSLContext | bool = (
            ssl.create_default_context(cafile=spec.certificate_file) if spec.tls else False
        )
        self._write(HaproxyGateway().files(self.spec), f"nameserver double {dns}")

    def _write(self, files: Mapping[str, str], nameserver: str) -> None:
        self.directory.mkdir()
        for name, text in files.items():
            (self.directory / name).write_text(text, encoding="utf-8")
        configuration = files["haproxy.cfg"]
        assert configuration.count(DNS_OF_THE_POD) == 2
        self.configuration.write_text(configuration.replace(DNS_OF_THE_POD, nameserver), encoding="utf-8")

    @property
    def configuration(self) -> Path:
        return self.directory / "haproxy.cfg"

    @property
    def output(self) -> Path:
        return self.directory / "stdout"

    def start(self) -> Haproxy:
        with self.output.open("wb") as out, (self.directory / "stderr").open("wb") as err:
            command = [str(self.program), "-db", "-f", str(self.configuration)]
            self.process = subprocess.Popen(command, stdout=out, stderr=err, env=_environment(self.program))
        eventually(lambda: self._ended() or self._listens(), "HAProxy listens")
        assert not self._ended(), self.errors()
        return self

    def wait_until_ready(self) -> Haproxy:
        """Every model has a replica that is ready."""
        eventually(lambda: httpx.get(f"http://127.0.0.1:{self.spec.metrics_port}/ready").status_code == 200, "ready")
        return self

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.spec.metrics_port)) == 0

    def errors(self) -> str:
        return (self.directory / "stderr").read_text(encoding="utf-8", errors="replace")

    def log(self) -> list[dict[str, Any]]:
        """The access log so far."""
        whole, _, _ = self.output.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def log_of(self, count: int) -> list[dict[str, Any]]:
        """The access log, as soon as it has so many lines."""
        return eventually(lambda: found if len(found := self.log()) >= count else [], f"{count} lines in the log")

    def metric(self, name: str, proxy: str) -> float:
        text = httpx.get(f"http://127.0.0.1:{self.spec.metrics_port}/metrics").text
        found = [line for line in text.splitlines() if line.startswith(f'{name}{{proxy="{proxy}"')]
        assert found, f"no series {name} of {proxy}"
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def has_replicas(self, model: str, count: int) -> None:
        """Waits until so many of the model's replicas take requests."""
        name = "haproxy_backend_active_servers"
        eventually(lambda: self.metric(name, f"model-{model}") == count, f"{count} replicas of {model}")

    def queues(self, model: str, count: int) -> None:
        """Waits until so many requests wait."""
        eventually(lambda: self._waiting(model) == count, f"{count} requests wait for {model}")

    def works_on(self, model: str, count: int) -> None:
        """Waits until the model's replicas work on so many requests."""
        name = "haproxy_backend_current_sessions"
        working = lambda: self.metric(name, f"model-{model}") - self._waiting(model)  # noqa: E731
        eventually(lambda: working() == count, f"{count} requests are with {model}'s replicas")

    def _waiting(self, model: str) -> float:
        return self.metric("haproxy_backend_current_queue", f"model-{model}")

    def connection(self) -> socket.socket:
        """To the administration, as a port-forward would make it."""
        return socket.create_connection(("127.0.0.1", self.spec.admin_port), timeout=PATIENCE_S)

    def administration(self) -> AbstractContextManager[Administration]:
        return administration(("127.0.0.1", self.spec.admin_port), self.spec.keys_directory)

    def soft_stop(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGUSR1)

    def exit_code(self) -> int:
        assert self.process
        return self.process.wait(timeout=PATIENCE_S)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            assert "runtime error" not in self.errors(), self.errors()
