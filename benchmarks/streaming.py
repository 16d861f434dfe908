"""Streaming speed of the model server against llama.cpp's own HTTP server: same body, same model, same slots.

    python benchmarks/streaming.py [--rounds 24] [--tokens 64]

Both servers run in their own processes. A round measures each of them once, one at a time, in turning order; the
result is the ratio of the medians with a bootstrap interval over rounds. The in-process call of the same llama.cpp is
measured beside them, for information. Writes docs/benchmarks/streaming.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from machine import described_machine
from platformdirs import user_cache_path

from llmctl.serving.models.embedded import SMOLLM2
from llmctl.serving.models.fetching import fetch

SLOTS = 8
TOTAL_TOKENS = 1024
REPORT = Path(__file__).parents[1] / "docs" / "benchmarks" / "streaming.md"
OURS, THEIRS, INNER = "llmctl", "llama.cpp HTTP", "llama.cpp in process"


def body(tokens: int) -> bytes:
    question = {"role": "user", "content": "Tell a long story about a river, a miller and a storm."}
    options = {"stream": True, "stream_options": {"include_usage": True}}
    return json.dumps({"messages": [question], "max_tokens": tokens, "temperature": 0, "seed": 1, **options}).encode()


def model_file() -> Path:
    """The embedded default model, fetched where it is not in the cache yet."""
    return fetch(SMOLLM2.file, cache=user_cache_path("llmctl"), progress=lambda *_: None)


# --- the other side: llama.cpp's own server, and the call into it, in one process ------------------------------------


def raw_server(port: int, threads: int) -> None:
    """Serve on `port`; for each line `streams tokens` on stdin measure the in-process call, print `tokens seconds`."""
    import xllamacpp  # only this process needs it

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model_file())
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = port
    parameters.n_parallel, parameters.n_ctx = SLOTS, SLOTS * (TOTAL_TOKENS + 1)
    parameters.n_batch = parameters.n_ubatch = 512
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.cache_ram_mib = 0
    parameters.verbosity = 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    for line in sys.stdin:
        streams, tokens = map(int, line.split())
        print(*in_process(server, streams, tokens), flush=True)


def in_process(server: object, streams: int, tokens: int) -> tuple[int, float]:
    generated = []

    def one() -> None:
        chunks: list[str] = []
        server.handle_chat_completions(body(tokens).decode(), lambda chunk: chunks.append(chunk))  # type: ignore[attr-defined]
        generated.append(json.loads(chunks[-1])["usage"]["completion_tokens"])

    threads = [threading.Thread(target=one) for _ in range(streams)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(generated), time.perf_counter() - began


# --- measuring -------------------------------------------------------------------------------------------------------


async def stream(port: int, tokens: int) -> bytes:
    """One request on a bare socket: a full HTTP client would take the servers' cores."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = body(tokens)
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)
    answer = await reader.read(-1)
    writer.close()
    return answer


def over_http(port: int, streams: int, tokens: int) -> float:
    """Tokens per second, all streams together."""

    async def all_streams() -> list[bytes]:
        return await asyncio.gather(*(stream(port, tokens) for _ in range(streams)))

    began = time.perf_counter()
    answers = asyncio.run(all_streams())
    seconds = time.perf_counter() - began
    return sum(_tokens_in(answer) for answer in answers) / seconds


def _tokens_in(answer: bytes) -> int:
    used = [line for line in answer.split(b"\n") if b'"completion_tokens":' in line]
    return int(json.loads(used[-1].partition(b"data: ")[2])["usage"]["completion_tokens"])


class Contestants:
    def __init__(self, threads: int) -> None:
        self.ports = {OURS: _free_port(), THEIRS: _free_port()}
        ours = ["-m", "llmctl.serving.server", "--model-id", "m", "--model-file", str(model_file())]
        limits = ["--max-total-tokens", str(TOTAL_TOKENS), "--max-batch-size", str(SLOTS), "--threads", str(threads)]
        raw = [__file__, "--serve", str(self.ports[THEIRS]), "--threads", str(threads)]
        self.ours = subprocess.Popen([sys.executable, *ours, *limits, "--port", str(self.ports[OURS])])
        self.raw = subprocess.Popen(
            [sys.executable, *raw], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        for port in self.ports.values():
            _until_healthy(port)
        self._asked(None)

    def _asked(self, question: str | None) -> str:
        if self.raw.stdin is None or self.raw.stdout is None:
            raise RuntimeError("the other process has no pipes")
        if question is not None:
            self.raw.stdin.write(question + "\n")
        return self.raw.stdout.readline()

    def measure(self, name: str, streams: int, tokens: int) -> float:
        if name in self.ports:
            return over_http(self.ports[name], streams, tokens)
        generated, seconds = self._asked(f"{streams} {tokens}").split()
        return int(generated) / float(seconds)

    def stop(self) -> None:
        for process in (self.ours, self.raw):
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_healthy(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health"):
            return
        time.sleep(0.2)
    sys.exit(f"no server on port {port}")


def rounds(contestants: Contestants, streams: int, count: int, tokens: int) -> dict[str, list[float]]:
    names = [OURS, THEIRS, INNER]
    speeds: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        contestants.measure(name, streams, tokens)
    for number in range(count):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            speeds[name].append(contestants.measure(name, streams, tokens))
        print(f"{streams} streams, round {number + 1}: " + ", ".join(f"{n} {s[-1]:.1f}" for n, s in speeds.items()))
    return speeds


def interval(ours: list[float], other: list[float], resamples: int = 10_000) -> tuple[float, float]:
    """95 % bootstrap interval of median(ours) / median(other), rounds resampled in pairs."""
    draw, pairs = random.Random(0), list(zip(ours, other, strict=True))  # noqa: S311
    ratios = []
    for _ in range(resamples):
        sample = draw.choices(pairs, k=len(pairs))
        ratios.append(statistics.median(o for o, _ in sample) / statistics.median(t for _, t in sample))
    ratios.sort()
    return ratios[int(resamples * 0.025)], ratios[int(resamples * 0.975)]


# --- the report ------------------------------------------------------------------------------------------------------


def rows(results: dict[int, dict[str, list[float]]]) -> Iterator[str]:
    for streams, speeds in results.items():
        ours = speeds[OURS]
        cells = [str(streams), *(f"{statistics.median(speeds[name]):.1f}" for name in (OURS, THEIRS, INNER))]
        for name in (THEIRS, INNER):
            low, high = interval(ours, speeds[name])
            cells.append(f"{statistics.median(ours) / statistics.median(speeds[name]):.3f} ({low:.3f} to {high:.3f})")
        yield "| " + " | ".join(cells) + " |"


def report(results: dict[int, dict[str, list[float]]], count: int, tokens: int, threads: int) -> str:
    return f"""# Streaming speed

Tokens per second of all streams together, median of {count} interleaved rounds of {tokens} tokens per stream, one
server active at a time. Model SmolLM2-135M-Instruct Q4_1, {SLOTS} slots, {threads} threads.
Made by `benchmarks/streaming.py`.

Machine: {described_machine()}.

The figure to hold is the first ratio: at least 0.95. The second is for information. In brackets: 95 % bootstrap
interval.

| streams | {OURS} | {THEIRS} | {INNER} | {OURS} / {THEIRS} | {OURS} / {INNER} |
| --- | --- | --- | --- | --- | --- |
{chr(10).join(rows(results))}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        raw_server(given.serve, given.threads)
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers end with the benchmark
    contestants = Contestants(given.threads)
    try:
        results = {streams: rounds(contestants, streams, given.rounds, given.tokens) for streams in (1, 8)}
    finally:
        contestants.stop()
    text = report(results, given.rounds, given.tokens, given.threads)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
