"""A real model server in its own process, and the words tests need to talk about it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from drivers.eventually import PATIENCE_S, eventually
from drivers.ports import free_port
from platformdirs import user_cache_path

from llmctl.serving.models.embedded import SMOLLM2
from llmctl.serving.models.fetching import fetch

MODEL_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"


def embedded_model() -> Path:
    """The default model, fetched into the user's cache where it is not there yet."""
    return fetch(SMOLLM2.file, cache=user_cache_path("llmctl"), progress=lambda *_: None)


class ModelServer:
    """Started with flags as a user would give them."""

    def __init__(self, log: Path, *flags: str, model: Path | None = None, env: dict[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = log
        named = ["--model-id", MODEL_ID, "--model-file", str(model or embedded_model()), "--port", str(self.port)]
        # A flag that a test gives again wins over the one above.
        self.argv = [sys.executable, "-m", "llmctl.serving.server", *named, *flags]
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(self.argv, stderr=stderr, stdout=stderr, env={**os.environ, **(env or {})})

    def wait_until_ready(self) -> ModelServer:
        eventually(lambda: self.process.poll() is not None or self.answers(), "the server answers /health")
        assert self.process.poll() is None, f"the server ended: {self.log()}"
        return self

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=PATIENCE_S).status_code == 200
        except httpx.ConnectError:
            return False

    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def signalled(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def exit_code(self) -> int:
        return self.process.wait(timeout=PATIENCE_S)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.url, timeout=PATIENCE_S, headers=headers)

    def get(self, path: str) -> httpx.Response:
        with self.client() as client:
            return client.get(path)

    def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        with self.client(key) as client:
            return client.post(path, json=body)

    def events(self, path: str, body: Any) -> list[Any]:
        """The data of every server-sent event; `[DONE]` as that string."""
        answer = self.post(path, body)
        assert answer.status_code == 200, answer.text
        return list(events_in(answer.text))

    def metric(self, name: str) -> float:
        """The value of one series, written as it appears: `tgi_request_failure{err="dropped"}`."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics").text, re.MULTILINE)
        assert found, f"no series {name}"
        return float(found[1])


def events_in(text: str) -> Iterator[Any]:
    for line in text.split("\n"):
        if line.startswith("data: "):
            data = line.removeprefix("data: ")
            yield data if data == "[DONE]" else json.loads(data)
