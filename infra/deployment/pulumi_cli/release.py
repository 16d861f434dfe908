"""Download the official Pulumi release and check it against the SHA-256 list published with it.

The archive is streamed to disk; a cut connection is resumed where it stopped, or, where the server does not know
ranges, started again. Nothing is unpacked before its checksum is right.
"""

from __future__ import annotations

import hashlib
import platform
import queue
import shutil
import tarfile
import threading
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import httpx

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

CHUNK = 1 << 20

STEP = "Downloading the Pulumi CLI"

SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def archive_name(system: str, machine: str) -> str:
    """The release's file for an operating system and machine as `platform` names them. Raises WayClosed."""
    if system not in SYSTEMS or machine.lower() not in MACHINES:
        known = "Linux and macOS on x86_64 and arm64"
        raise WayClosed(f"llmctl unpacks releases for {known}, and this is {system} on {machine}")
    return f"pulumi-v{PINNED}-{SYSTEMS[system]}-{MACHINES[machine.lower()]}.tar.gz"


def checksums_name() -> str:
    """The list published with a release; its lines are `<sha256>  <file>`."""
    return f"pulumi-{PINNED}-checksums.txt"


def download_cli(bin_directory: Path, work: Path, *, environ: Mapping[str, str], progress: Progress) -> None:
    """Fill `bin_directory` with the programs of the release. Raises WayClosed with the reason."""
    base = httpx.URL(environ.get(RELEASES_VARIABLE) or RELEASES)
    name = archive_name(platform.system(), platform.machine())
    with httpx.Client(timeout=httpx.Timeout(STALL_S, connect=FIRST_CONTACT_S), follow_redirects=True) as web:
        progress(Step(name=STEP, detail=f"asking {base.host} for {checksums_name()}"))
        expected = published_sha256(_first_contact(web, _below(base, checksums_name())), name)
        _download(web, _below(base, name), work / name, progress)
    _verify(work / name, expected)
    progress(Step(name=STEP, detail="checksum is right, unpacking", fraction=1.0))
    unpack(work / name, bin_directory)


def published_sha256(listing: str, name: str) -> str:
    """The checksum of `name` in the published list. Raises WayClosed where the list does not hold exactly one."""
    lines = (line.split() for line in listing.splitlines())
    found = {words[0].lower() for words in lines if len(words) == 2 and words[1].lstrip("*") == name}
    if len(found) != 1:
        raise WayClosed(f"{checksums_name()} holds {len(found)} checksums for {name}, expected one")
    return found.pop()


def unpack(archive: Path, bin_directory: Path) -> None:
    """Write the archive's `pulumi/*` into `bin_directory`, executable. Raises WayClosed for anything else in it.

    The release is flat and holds regular files only, so nothing more is accepted: no link, no path that leads out.
    (tarfile's own data filter is missing in Python 3.11.2, which Debian 12 ships.)
    """
    try:
        with tarfile.open(archive, "r:gz") as release:
            for member in release:
                if not member.isdir():
                    _unpack_program(release, member, bin_directory)
    except (tarfile.TarError, EOFError) as broken:
        raise WayClosed(f"{archive.name} cannot be unpacked: {broken}") from broken


def _unpack_program(release: tarfile.TarFile, member: tarfile.TarInfo, bin_directory: Path) -> None:
    path = PurePosixPath(member.name)
    content = release.extractfile(member) if member.isreg() else None
    if content is None or len(path.parts) != 2 or path.parts[0] != "pulumi" or path.name in {".", ".."}:
        raise WayClosed(f"{Path(str(release.name)).name} holds {member.name!r}, which is no program in pulumi/")
    program = bin_directory / path.name
    with content, program.open("wb") as file:
        shutil.copyfileobj(content, file)
    program.chmod(0o755)


def _below(base: httpx.URL, name: str) -> httpx.URL:
    return base.copy_with(path=f"{base.path.rstrip('/')}/{name}")


def _shown(url: httpx.URL) -> str:
    """The address of a mirror may carry a user name and password."""
    return str(url.copy_with(username="", password="")) if url.userinfo else str(url)


def _first_contact(web: httpx.Client, url: httpx.URL) -> str:
    """The text at `url`, or WayClosed after FIRST_CONTACT_S at the latest, name resolution included."""
    answers: queue.Queue[httpx.Response | httpx.HTTPError] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(web.get(url))
        except httpx.HTTPError as failed:
            answers.put(failed)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=FIRST_CONTACT_S)
    except queue.Empty:
        raise WayClosed(f"{_shown(url)} did not answer within {FIRST_CONTACT_S:.0f} s") from None
    if isinstance(answer, httpx.HTTPError):
        raise WayClosed(f"{_shown(url)} cannot be reached: {answer}") from answer
    _accept(answer, url)
    return answer.text


def _accept(answer: httpx.Response, url: httpx.URL) -> None:
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise WayClosed(f"{_shown(url)} does not exist (404): the server has no release {PINNED} for this machine")
    if answer.is_error:
        raise WayClosed(f"{_shown(url)} answers {answer.status_code} {answer.reason_phrase}")


def _download(web: httpx.Client, url: httpx.URL, into: Path, progress: Progress) -> None:
    fruitless = 0
    into.touch()
    while True:
        had = into.stat().st_size
        try:
            _continue(web, url, into, progress)
            return
        except httpx.TransportError as cut:
            fruitless = 0 if into.stat().st_size > had else fruitless + 1
            if fruitless == FRUITLESS_CONNECTIONS:
                raise WayClosed(f"{_shown(url)}: the connection was cut {fruitless} times in a row ({cut})") from cut


def _continue(web: httpx.Client, url: httpx.URL, into: Path, progress: Progress) -> None:
    """Fetch what is missing of the file; raises httpx.TransportError where the connection ends before it does."""
    had = into.stat().st_size
    # identity: a server that compresses once more would make the bytes others than the ones in the list.
    asked = {"Accept-Encoding": "identity", **({"Range": f"bytes={had}-"} if had else {})}
    with web.stream("GET", url, headers=asked) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            into.write_bytes(b"")
            raise httpx.ReadError("the server has less of the file than was already received")
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
        for chunk in answer.iter_raw(CHUNK):
            file.write(chunk)
            progress(_received(file.tell(), None if length is None else start + length))


def _received(done: int, whole: int | None) -> Step:
    if not whole:
        return Step(name=STEP, detail=f"{done / 1e6:.0f} MB")
    return Step(name=STEP, detail=f"{done / 1e6:.0f} of {whole / 1e6:.0f} MB", fraction=done / whole)


def _verify(archive: Path, expected: str) -> None:
    with archive.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        raise WayClosed(f"{archive.name} was refused: its SHA-256 is {actual}, the published list says {expected}")
