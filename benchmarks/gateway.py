"""What the gateway adds to a request: a call through it against the direct call to the same stub.

    PYTHONPATH=tests:containers python benchmarks/gateway.py [--runs 20] [--seconds 5] [--rate 100]

Stub, gateway and client are processes of their own. The client sends at fixed times, whether or not earlier requests
have been answered, and measures from the time a request was due. A run measures both, one after the other, in turning
order, over connections that stay open as those of SDKs do. Nothing else may run. Writes docs/benchmarks/gateway.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from doubles.dns import serving_dns
from drivers.eventually import eventually
from drivers.gateway_stack import CHAT, ROUTES, chat
from drivers.haproxy import Haproxy
from drivers.ports import free_port
from machine import described_machine

from llmctl.serving.gateway.keys import digest
from llmctl.serving.gateway.spec import GatewaySpec, RoutedModel

REPORT = Path(__file__).parents[1] / "docs" / "benchmarks" / "gateway.md"
ANSWER_SECONDS = 0.02
PROMPT_CHARACTERS = 2_000
IDLE_SECONDS = 5.0
"""Older connections are not used again: what httpx, under most SDKs, does by default."""

KEY = "key-of-the-benchmark"
MEDIAN_MS, P99_MS = 1.0, 5.0
"""The figures to hold."""


# --- the stub ---------------------------------------------------------------------------------------------------------


async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Requests of one connection, each answered after the same time."""
    body = json.dumps({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}).encode()
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            if length := content_length(head):
                await reader.readexactly(length)
                await asyncio.sleep(ANSWER_SECONDS)
            writer.write(answer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def content_length(head: bytes) -> int:
    lines = (line.lower().partition(b":") for line in head.split(b"\r\n"))
    return next((int(value) for name, _, value in lines if name == b"content-length"), 0)


async def stub(port: int) -> None:
    server = await asyncio.start_server(answer_all, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


# --- the client -------------------------------------------------------------------------------------------------------


class Connections:
    """To one port: each is used by one request at a time, and kept."""

    def __init__(self, port: int) -> None:
        body = json.dumps(chat(text="x" * PROMPT_CHARACTERS)).encode()
        head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        self._request = f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        self._port = port
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The one that was used last, unless it has been idle for too long."""
        while self._idle:
            since, reader, writer = self._idle.pop()
            if asyncio.get_running_loop().time() - since < IDLE_SECONDS:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def call(self) -> None:
        reader, writer = await self._open()
        writer.write(self._request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        await reader.readexactly(content_length(head))
        self._idle.append((asyncio.get_running_loop().time(), reader, writer))


async def measure(connections: Connections, rate: int, seconds: float) -> list[float]:
    """Milliseconds of each request from when it was due."""
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.1

    async def one(number: int) -> float:
        due = begin + number / rate
        await asyncio.sleep(due - loop.time())
        await connections.call()
        return (loop.time() - due) * 1000

    return await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))


@dataclass(frozen=True)
class Run:
    direct: list[float]
    through: list[float]

    def added(self, quantile: int) -> float:
        """Milliseconds that the gateway adds at this percentile."""
        return percentile(self.through, quantile) - percentile(self.direct, quantile)


def percentile(values: list[float], quantile: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[quantile - 1]


async def measured(direct: int, through: int, runs: int, rate: int, seconds: float) -> list[Run]:
    paths = {"direct": Connections(direct), "through": Connections(through)}
    for connections in paths.values():
        await measure(connections, rate, 1)  # connections are made, caches are warm
    results = []
    for number in range(runs):
        order = list(paths) if number % 2 else list(reversed(paths))
        found = {name: await measure(paths[name], rate, seconds) for name in order}
        results.append(Run(**found))
        print(f"run {number + 1}: median +{results[-1].added(50):.2f} ms, p99 +{results[-1].added(99):.2f} ms")
    return results


# --- what stands there ------------------------------------------------------------------------------------------------


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def standing() -> Iterator[tuple[int, int]]:
    """The ports of a stub, and of a gateway before it."""
    port = free_port()
    process = subprocess.Popen([sys.executable, __file__, "--stub", str(port)])
    eventually(lambda: listens(port), "the stub listens")
    model = RoutedModel(
        name="a",
        served_names=("org/a",),
        ready_host="a.stack.test",
        known_host="a-known.stack.test",
        port=port,
        slots=64,
        accepts=128,
        max_replicas=4,
        health_path="/health",
        routes=ROUTES,
        startup_seconds=60,
    )
    with tempfile.TemporaryDirectory() as directory, serving_dns() as dns:
        for host in (model.ready_host, model.known_host):
            dns.has(host, "127.0.0.1")
        (Path(directory) / "keys.map").write_text(f"{digest(KEY)} benchmark\n")
        (Path(directory) / "limits.map").write_text("")
        spec = GatewaySpec(models=(model,), gateways=1, keys_directory=directory, requests_per_minute=1_000_000)
        gateway = Haproxy(Path(directory) / "gateway", spec, dns=dns.address).start()
        try:
            eventually(lambda: gateway.metric("haproxy_backend_active_servers", "model-a") == 1, "the stub is found")
            yield port, gateway.spec.port
        finally:
            gateway.stop()
            process.kill()
            process.wait()


# --- the report -------------------------------------------------------------------------------------------------------


def interval(values: list[float], resamples: int = 10_000) -> tuple[float, float]:
    """95 % bootstrap interval of the median."""
    draw = random.Random(0)  # noqa: S311
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(resamples))
    return medians[int(resamples * 0.025)], medians[int(resamples * 0.975)]


def row(runs: list[Run], quantile: int, most: float) -> str:
    direct = statistics.median(percentile(run.direct, quantile) for run in runs)
    through = statistics.median(percentile(run.through, quantile) for run in runs)
    added = [run.added(quantile) for run in runs]
    low, high = interval(added)
    name = "median" if quantile == 50 else f"p{quantile}"
    cells = [name, f"{direct:.2f}", f"{through:.2f}", f"{statistics.median(added):.2f} ({low:.2f} to {high:.2f})"]
    return "| " + " | ".join([*cells, f"{most:g}"]) + " |"


def report(runs: list[Run], rate: int, seconds: float) -> str:
    return f"""# What the gateway adds to a request

Milliseconds, from the moment a request was due to the last byte of its answer. {len(runs)} paired runs of {seconds:g} s
at {rate} requests per second; the stub answers after {ANSWER_SECONDS * 1000:g} ms.
Prompts have {PROMPT_CHARACTERS:,} characters. Added: median of the runs' differences, in brackets its
95 % bootstrap interval.
Made by `benchmarks/gateway.py`.

Machine: {described_machine()}. Stub, HAProxy and client share its cores.

| | direct | through the gateway | added | at most |
| --- | --- | --- | --- | --- |
{row(runs, 50, MEDIAN_MS)}
{row(runs, 99, P99_MS)}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--stub", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.stub:
        asyncio.run(stub(given.stub))
        return
    with standing() as (direct, through):
        runs = asyncio.run(measured(direct, through, given.runs, given.rate, given.seconds))
    text = report(runs, given.rate, given.seconds)
    REPORT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
