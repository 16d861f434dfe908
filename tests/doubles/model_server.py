"""Stands in for `llmctl.serving.server`: the same command line and manners, and no model.

What it does is written in the "model file": a line `GGUF`, then any of
`loads for SECONDS`, `fails to load: REASON`, `exits after SECONDS`, `ignores SIGTERM`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._send({"model_id": self.server.model_id, "authorised": self._authorised()})

    def do_POST(self) -> None:
        self._send({"generated_text": "Paris"} if self._authorised() else {"error": "unauthorised"})

    def _authorised(self) -> bool:
        return self.headers.get("authorization") == f"Bearer {self.server.key_file.read_text()}"

    def _send(self, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def line(script: list[str], start: str) -> str | None:
    return next((text.removeprefix(start).strip() for text in script if text.startswith(start)), None)


def serve(options: argparse.Namespace, script: list[str]) -> None:
    time.sleep(float(line(script, "loads for") or 0))
    if reason := line(script, "fails to load:"):
        raise SystemExit(reason)
    server = ThreadingHTTPServer((options.hostname, options.port), Answers)
    server.model_id, server.key_file = options.model_id, options.api_key_file

    def drain(*_: object) -> None:
        sys.stderr.write("draining\n")
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "ignores SIGTERM" in script else drain)
    if seconds := line(script, "exits after"):
        threading.Timer(float(seconds), lambda: signal.raise_signal(signal.SIGKILL)).start()
    server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model-file", type=Path)
    parser.add_argument("--api-key-file", type=Path)
    parser.add_argument("--port", type=int)
    for name in ("model-id", "revision", "hostname", "runtime-dir"):
        parser.add_argument(f"--{name}")
    options, _ = parser.parse_known_args()
    serve(options, options.model_file.read_text().splitlines())


if __name__ == "__main__":
    main()
