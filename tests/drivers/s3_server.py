"""A real S3 server: Versity's gateway over a directory, built from its Go module the first time it is wanted."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import drivers
import httpx
import obstore
from drivers.eventually import PATIENCE_S, eventually
from drivers.go_program import go_program
from drivers.ports import free_port

from llmctl.serving.weights.bucket import open_bucket

MODULE = Path(*drivers.__path__) / "s3_server_module"
PACKAGE = "github.com/versity/versitygw/cmd/versitygw"

KEY_ID, SECRET = "assembled", "for-tests-only"
REGION = "us-east-1"


@dataclass
class S3Server:
    endpoint: str
    directory: Path
    """Its directories are the buckets."""

    log_file: Path

    @property
    def variables(self) -> dict[str, str]:
        """What a client of it needs in its environment."""
        return {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
        }

    def holds(self, url: str, files: Mapping[str, bytes], *, sums: bool = True) -> None:
        """Upload files as another client would; with `sums`, and a SHA256SUMS of them."""
        (self.directory / url.removeprefix("s3://").partition("/")[0]).mkdir(exist_ok=True)
        store = open_bucket(url, self.variables)
        lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
        for name, content in {**files, **({"SHA256SUMS": lines.encode()} if sums else {})}.items():
            obstore.put(store, name, content)

    def downloads(self) -> int:
        """Answers with a part of a file, by the server's own log."""
        return self.log_file.read_text(errors="replace").count(" 206 ")


@contextmanager
def s3_server(directory: Path) -> Iterator[S3Server]:
    """A running server with its buckets in `directory`, which lets only KEY_ID in."""
    program, port = go_program(MODULE, PACKAGE, name="versitygw"), free_port()
    buckets, log = directory / "buckets", directory / "s3.log"
    buckets.mkdir(parents=True)
    command = [program, "--port", f"127.0.0.1:{port}", "--region", REGION, "--health", "/health", "posix", buckets]
    environ = {"ROOT_ACCESS_KEY": KEY_ID, "ROOT_SECRET_KEY": SECRET}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environ)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: process.poll() is not None or _answers(endpoint), "the S3 server answers")
        assert process.poll() is None, f"the S3 server ended: {log.read_text()}"
        yield S3Server(endpoint, buckets, log)
    finally:
        process.terminate()
        process.wait()


def _answers(endpoint: str) -> bool:
    try:
        with httpx.Client(trust_env=False, timeout=PATIENCE_S) as client:
            return client.get(f"{endpoint}/health").status_code == 200
    except httpx.ConnectError:
        return False
