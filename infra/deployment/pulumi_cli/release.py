"""Download the official Pulumi release and check it against the SHA-256 list published with it.

The archive is streamed to disk; a cut connection is resumed where it stopped, or, where the server does not know
ranges, started again. Nothing is unpacked before its checksum is right.
"""

from __future__ import annotations

import platform
import queue
import threading
from collections.abc import Mapping
from pathlib import Path

import httpx

from llmctl.infra.deployment.pulumi_cli.archive import archive_name, checksums_name, published_sha256, unpack, verify
from llmctl.infra.deployment.pulumi_cli.version import PINNED
from llmctl.infra.deployment.pulumi_cli.ways import Progress, Step, WayClosed

RELEASES = "https://get.pulumi.com/releases/sdk"
RELEASES_VARIABLE = "LLMCTL_PULUMI_RELEASES"

FIRST_CONTACT_S = 10.0
"""Whole time for the first, small file. The time-out of a connection is per address, and the name has a dozen of them:
without this, a firewall that swallows packets would hold the user up for a minute before the next way is tried."""

STALL_S = 30.0
"""A connection that brings nothing for this long counts as cut."""

FRUITLESS_CONNECTIONS = 3
"""So many in a row that brought no byte, and the download is given up. One that brought some is always continued."""

STEP = "Downloading the Pulumi CLI"


def download_cli(
    bin_directory: Path,
    work: Path,
    *,
    environ: Mapping[str, str],
    progress: Progress,
    first_contact_s: float = FIRST_CONTACT_S,
) -> None:
    """Fill `bin_directory` with the programs of the release; the archive goes to `work`. Raises WayClosed."""
    base = _base(environ)
    name = archive_name(platform.system(), platform.machine())
    progress(Step(name=STEP, detail=f"asking {base.host} for {checksums_name()}"))
    expected = published_sha256(_first_contact(_below(base, checksums_name()), first_contact_s), name)
    _download(_below(base, name), work / name, progress)
    verify(work / name, expected)
    progress(Step(name=STEP, detail="checksum is right, unpacking", fraction=1.0))
    unpack(work / name, bin_directory)


def _base(environ: Mapping[str, str]) -> httpx.URL:
    address = environ.get(RELEASES_VARIABLE) or RELEASES
    try:
        base = httpx.URL(address)
    except httpx.InvalidURL:
        base = httpx.URL("")
    if base.scheme not in {"https", "http"} or not base.host:
        raise WayClosed(f"{RELEASES_VARIABLE} is not a web address such as {RELEASES}")
    return base


def _below(base: httpx.URL, name: str) -> httpx.URL:
    return base.copy_with(path=f"{base.path.rstrip('/')}/{name}")


def _shown(url: httpx.URL) -> str:
    """The address of a mirror may carry a user name and password."""
    return str(url.copy_with(username="", password="")) if url.userinfo else str(url)


def _first_contact(url: httpx.URL, within_s: float) -> str:
    """The text at `url`, or WayClosed after that many seconds at the latest, name resolution included."""
    answers: queue.Queue[httpx.Response | httpx.HTTPError] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(httpx.get(url, timeout=within_s, follow_redirects=True))
        except httpx.HTTPError as failed:
            answers.put(failed)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=within_s)
    except queue.Empty:
        raise WayClosed(f"{_shown(url)} did not answer within {within_s:g} s") from None
    if isinstance(answer, httpx.HTTPError):
        raise WayClosed(f"{_shown(url)} cannot be reached: {answer}") from answer
    _accept(answer, url)
    return answer.text


def _accept(answer: httpx.Response, url: httpx.URL) -> None:
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise WayClosed(f"{_shown(url)} does not exist (404): the server has no release {PINNED} for this machine")
    if answer.is_error:
        raise WayClosed(f"{_shown(url)} answers {answer.status_code} {answer.reason_phrase}")


def _download(url: httpx.URL, into: Path, progress: Progress) -> None:
    fruitless = 0
    into.touch()
    while True:
        had = into.stat().st_size
        try:
            _continue(url, into, progress)
            return
        except httpx.TransportError as cut:
            fruitless = 0 if into.stat().st_size > had else fruitless + 1
            if fruitless == FRUITLESS_CONNECTIONS:
                raise WayClosed(f"{_shown(url)}: the connection was cut {fruitless} times in a row ({cut})") from cut


def _continue(url: httpx.URL, into: Path, progress: Progress) -> None:
    """Fetch what is missing of the file; raises httpx.TransportError where the connection ends before it does."""
    had = into.stat().st_size
    # identity: a server that compresses once more would make the bytes others than the ones in the list.
    asked = {"Accept-Encoding": "identity", **({"Range": f"bytes={had}-"} if had else {})}
    with httpx.stream("GET", url, headers=asked, timeout=STALL_S, follow_redirects=True) as answer:
        _accept(answer, url)
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        if had:
            how = "resumed where it stopped" if resumed else "started again, the server cannot resume"
            progress(Step(name=STEP, detail=f"the connection was cut after {had:,} bytes; {how}"))
        _append(answer, into, had if resumed else 0, progress)


def _append(answer: httpx.Response, into: Path, start: int, progress: Progress) -> None:
    length = int(answer.headers["Content-Length"]) if "Content-Length" in answer.headers else None
    with into.open("r+b") as file:
        file.truncate(start)
        file.seek(start)
        for chunk in answer.iter_raw():  # as it comes: a chunk held back would be lost in a cut
            file.write(chunk)
            progress(_received(file.tell(), None if length is None else start + length))


def _received(done: int, whole: int | None) -> Step:
    if not whole:
        return Step(name=STEP, detail=f"{done / 1e6:.0f} MB")
    return Step(name=STEP, detail=f"{done / 1e6:.0f} of {whole / 1e6:.0f} MB", fraction=done / whole)
