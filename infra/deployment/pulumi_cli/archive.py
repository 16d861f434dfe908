"""The files of a Pulumi release: their names, their checksums, and how the archive is unpacked. No network."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from pathlib import Path, PurePosixPath

from llmctl.infra.deployment.pulumi_cli.version import PINNED
from llmctl.infra.deployment.pulumi_cli.ways import WayClosed

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


def published_sha256(listing: str, name: str) -> str:
    """The checksum of `name` in the published list. Raises WayClosed where the list does not hold exactly one."""
    lines = (line.split() for line in listing.splitlines())
    found = {words[0].lower() for words in lines if len(words) == 2 and words[1].lstrip("*") == name}
    if len(found) != 1:
        raise WayClosed(f"{checksums_name()} holds {len(found)} checksums for {name}, expected one")
    return found.pop()


def verify(archive: Path, expected: str) -> None:
    """Raises WayClosed, naming both, where the archive's SHA-256 is not the expected one."""
    with archive.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        raise WayClosed(f"{archive.name} was refused: its SHA-256 is {actual}, the published list says {expected}")


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
