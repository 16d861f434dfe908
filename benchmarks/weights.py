"""What relay and fetcher cost: one large file over loopback, against curl and httpx of the same file in the same run.

    TMPDIR=/dev/shm python benchmarks/weights.py [GIGABYTES [ROUNDS]]

The source is a file in memory behind a server that only calls sendfile. Each way writes to the same file system.
Processor seconds are those of the processes named, the source's left out. Writes docs/benchmarks/weights.md.
"""

from __future__ import annotations

import hashlib
import os
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Process
from pathlib import Path

import httpx
from machine import described_machine

from llmctl.serving.weights.configuration import WeightsConfiguration
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights

RESULT = Path(__file__).parents[1] / "docs" / "benchmarks" / "weights.md"
NAME = "model.safetensors"
COMMIT = "0" * 40


@dataclass(frozen=True)
class Measured:
    seconds: float
    processor: float
    """Seconds of processor time, of all processes of this way."""


def sendfile_server(file: Path, listener: socket.socket) -> None:
    """A child for each connection: GETs with a Range, answered from the page cache."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            _answer_all(connection, file)
            os._exit(0)
        connection.close()


def _answer_all(connection: socket.socket, file: Path) -> None:
    size, head = file.stat().st_size, b""
    with file.open("rb") as opened:
        while received := connection.recv(65536):
            head += received
            if b"\r\n\r\n" not in head:
                continue
            asked = re.search(rb"(?i)range: bytes=(\d+)-(\d+)", head)
            start, end = (int(asked[1]), int(asked[2]) + 1) if asked else (0, size)
            status = b"206 Partial Content" if asked else b"200 OK"
            lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % (end - start)]
            if asked:
                lines.append(b"Content-Range: bytes %d-%d/%d" % (start, end - 1, size))
            connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
            while start < end:
                start += os.sendfile(connection.fileno(), opened.fileno(), start, end - start)
            head = b""


@contextmanager
def running(command: list[str], url: str) -> Iterator[None]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                httpx.get(url, trust_env=False)
                break
            except httpx.TransportError:  # also what a socket that met itself on a free port says
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def measured(work: Callable[[], None]) -> Measured:
    """Times of everything that `work` starts and waits for."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    work()
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measured(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


HTTPX = """
import sys, httpx
with httpx.stream("GET", sys.argv[1], trust_env=False) as answer, open(sys.argv[2], "wb") as out:
    for piece in answer.iter_raw(): out.write(piece)
"""


def main() -> int:
    gigabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    work = Path(tempfile.mkdtemp())
    try:
        results = run(work, int(gigabytes * 1e9), rounds)
    finally:
        shutil.rmtree(work)
    text = page(results, gigabytes, rounds)
    print(text)
    RESULT.write_text(text, encoding="utf-8")
    return 0


def run(work: Path, size: int, rounds: int) -> dict[str, list[Measured]]:
    file = work / "source"
    block = os.urandom(1 << 20)
    digest = hashlib.sha256()
    with file.open("wb") as out:
        for at in range(0, size, 1 << 20):
            piece = block[: min(1 << 20, size - at)]
            out.write(piece)
            digest.update(piece)
    listener = socket.create_server(("127.0.0.1", 0))
    source = Process(target=sendfile_server, args=(file, listener), daemon=True)
    source.start()
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    weights = Weights(
        kind=SourceKind.HUB,
        url=endpoint,
        repository="org/model",
        revision=COMMIT,
        files=(WeightFile(path=NAME, size=size, sha256=digest.hexdigest()),),
    )
    configuration = work / "weights.json"
    configuration.write_text(WeightsConfiguration(models={"model": weights}).to_json())
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    relay_url = f"http://127.0.0.1:{port}"
    module = [sys.executable, "-m", "llmctl.serving.weights."]
    relay = [
        *module[:2],
        module[2] + "relay",
        "--configuration",
        str(configuration),
        "--hostname",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    target = work / "target"

    def fetch(url: str) -> None:
        target.mkdir()
        command = [*module[:2], module[2] + "fetch", "--configuration", str(configuration), "--model", "model"]
        subprocess.run([*command, "--directory", str(target), "--relay", url], check=True, stdout=subprocess.DEVNULL)

    def through_relay(work_there: Callable[[], None]) -> None:
        with running(relay, f"{relay_url}/health"):
            work_there()

    def curl(url: str) -> None:
        target.mkdir()
        subprocess.run(["curl", "-sS", "--noproxy", "*", "-o", str(target / NAME), f"{url}/model/{NAME}"], check=True)

    def curl_and_sum() -> None:
        curl(endpoint)
        subprocess.run(["sha256sum", str(target / NAME)], check=True, stdout=subprocess.DEVNULL)

    def by_httpx() -> None:
        target.mkdir()
        subprocess.run([sys.executable, "-c", HTTPX, f"{endpoint}/model/{NAME}", str(target / NAME)], check=True)

    ways: dict[str, Callable[[], None]] = {
        "curl, one connection, not verified": lambda: curl(endpoint),
        "curl, then sha256sum": curl_and_sum,
        "httpx, one connection, not verified": by_httpx,
        "our fetcher straight from the source, verified": lambda: fetch(endpoint),
        "curl through our relay, not verified": lambda: through_relay(lambda: curl(relay_url)),
        "our relay and our fetcher, verified": lambda: through_relay(lambda: fetch(relay_url)),
    }
    results: dict[str, list[Measured]] = {way: [] for way in ways}
    try:
        for number in range(rounds):
            for way, do in ways.items():
                results[way].append(measured(do))
                shutil.rmtree(target)
                print(number, way, results[way][-1], file=sys.stderr)
    finally:
        source.terminate()
    return results


def page(results: dict[str, list[Measured]], gigabytes: float, rounds: int) -> str:
    lines = [
        f"| {way} | {gigabytes * 1e3 / statistics.median(m.seconds for m in found):,.0f} | "
        f"{min(m.seconds for m in found):.2f} to {max(m.seconds for m in found):.2f} | "
        f"{statistics.median(m.processor for m in found) / gigabytes:.2f} |"
        for way, found in results.items()
    ]
    load = ", ".join(f"{value:.0f}" for value in os.getloadavg())
    return f"""# Weights over loopback

Written by `TMPDIR=/dev/shm python benchmarks/weights.py`: one file of {gigabytes:g} GB from memory to memory,
{rounds} rounds of all ways in turn; the median. {described_machine()}; load average at the end {load}.

| way | MB/s | seconds, from to | processor seconds per GB |
| --- | ---: | ---: | ---: |
{chr(10).join(lines)}

Start of the processes is in it. The cores are shared by source, relay and fetcher, which in a cluster are three
machines, and by whatever else the load average tells of; processor seconds suffer less from that than MB/s do.
"""


if __name__ == "__main__":
    sys.exit(main())
