"""A server of Pulumi releases on loopback, with the faults that real ones have."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from random import Random

from drivers.loopback import serving

TARGETS = ("linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64")
BALLAST = Random(1).randbytes(400_000)  # noqa: S311  (not a secret: bytes that gzip cannot make small)


class Releases:
    """`address` goes into LLMCTL_PULUMI_RELEASES. Every method changes what the server does from now on."""

    def __init__(self) -> None:
        self.address = ""
        self.requests: list[tuple[str, str | None]] = []
        """Path and Range header of each request."""

        self._files: dict[str, bytes] = {}
        self._cuts: list[int] = []
        self._resumable = True
        self._silent = threading.Event()
        self.ended = threading.Event()

    def publishes(self, version: str, *, answering: str | None = None) -> None:
        """A release whose `pulumi` says it is `answering`, by default the version it is published as."""
        archive = archived(
            {"pulumi/pulumi": f"#!/bin/sh\necho v{answering or version}\n".encode(), "pulumi/ballast": BALLAST}
        )
        self.publishes_archive(version, archive)

    def publishes_archive(self, version: str, archive: bytes) -> None:
        names = [f"pulumi-v{version}-{target}.tar.gz" for target in TARGETS]
        self._files.update({f"/{name}": archive for name in names})
        digest = hashlib.sha256(archive).hexdigest()
        self._lists("".join(f"{digest}  {name}\n" for name in names), version)

    def publishes_plugin(self, name: str, version: str) -> None:
        """A provider plugin, for every machine, where the Pulumi CLI looks for it."""
        plugin = archived({f"pulumi-resource-{name}": b"#!/bin/sh\nexit 1\n"})
        machines = [f"{system}-{machine}" for system in ("linux", "darwin") for machine in ("amd64", "arm64")]
        self._files.update({f"/pulumi-resource-{name}-v{version}-{machine}.tar.gz": plugin for machine in machines})

    def lists_a_wrong_checksum(self) -> None:
        path = self._listing()
        lines = self._files[path].decode().splitlines()
        self._files[path] = "".join(f"{'0' * 64}  {line.split()[1]}\n" for line in lines).encode()

    def cuts_the_connection_after(self, sent: int, *, times: int = 1) -> None:
        """The next `times` answers with an archive end after that many bytes, though more was promised."""
        self._cuts = [sent] * times

    def cannot_resume(self) -> None:
        self._resumable = False

    def lacks_the_archive(self) -> None:
        self._files = {path: data for path, data in self._files.items() if path.endswith(".txt")}

    def lacks_the_checksum_list(self) -> None:
        del self._files[self._listing()]

    def never_answers(self) -> None:
        self._silent.set()

    def _lists(self, listing: str, version: str) -> None:
        self._files[f"/pulumi-{version}-checksums.txt"] = listing.encode()

    def _listing(self) -> str:
        return next(path for path in self._files if path.endswith("-checksums.txt"))

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        self.requests.append((handler.path, asked))
        if self._silent.is_set():
            self.ended.wait()
            return
        data = self._files.get(handler.path)
        if data is None:
            handler.send_error(404)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self._resumable else 0
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(data) - start))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        handler.end_headers()
        cut = self._cuts.pop() if self._cuts and handler.path.endswith(".tar.gz") else len(data)
        handler.wfile.write(data[start : start + cut])
        handler.close_connection = True


def archived(files: dict[str, bytes]) -> bytes:
    """A .tar.gz with these regular files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


@contextmanager
def serving_releases() -> Iterator[Releases]:
    releases = Releases()
    with serving(releases.answer) as host:
        releases.address = f"http://{host}"
        try:
            yield releases
        finally:
            releases.ended.set()
