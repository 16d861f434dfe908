from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from doubles.releases import archived

from llmctl.infra.deployment.pulumi_cli.archive import archive_name, published_sha256, unpack
from llmctl.infra.deployment.pulumi_cli.version import PINNED
from llmctl.infra.deployment.pulumi_cli.ways import WayClosed

NAME = f"pulumi-v{PINNED}-linux-x64.tar.gz"


@pytest.mark.parametrize(
    ("system", "machine", "target"),
    [
        ("Linux", "x86_64", "linux-x64"),
        ("Linux", "aarch64", "linux-arm64"),
        ("Darwin", "arm64", "darwin-arm64"),
        ("Darwin", "x86_64", "darwin-x64"),
    ],
)
def test_each_machine_has_its_archive(system: str, machine: str, target: str) -> None:
    assert archive_name(system, machine) == f"pulumi-v{PINNED}-{target}.tar.gz"


@pytest.mark.parametrize(("system", "machine"), [("Windows", "AMD64"), ("Linux", "riscv64")])
def test_a_machine_without_a_release_is_named(system: str, machine: str) -> None:
    with pytest.raises(WayClosed, match=f"{system} on {machine}"):
        archive_name(system, machine)


def test_the_checksum_is_the_one_on_the_line_of_the_whole_name() -> None:
    listing = f"{'a' * 64}  {NAME}.sig\n{'B' * 64}  {NAME}\n{'c' * 64}  other-{NAME}\n"
    assert published_sha256(listing, NAME) == "b" * 64


@pytest.mark.parametrize(
    ("listing", "count"),
    [("", 0), ("<html>welcome to the proxy</html>", 0), (f"{'a' * 64}  {NAME}\n{'b' * 64}  {NAME}\n", 2)],
    ids=["empty", "a page of a proxy", "two that differ"],
)
def test_a_list_without_exactly_one_checksum_is_refused(listing: str, count: int) -> None:
    with pytest.raises(WayClosed, match=f"holds {count} checksums for {NAME}"):
        published_sha256(listing, NAME)


def test_programs_are_unpacked_executable(tmp_path: Path) -> None:
    archive = tmp_path / NAME
    archive.write_bytes(archived({"pulumi/pulumi": b"engine", "pulumi/pulumi-language-python": b"host"}))
    unpack(archive, _empty(tmp_path))
    unpacked = {path.name: (path.read_bytes(), path.stat().st_mode & 0o777) for path in (tmp_path / "bin").iterdir()}
    assert unpacked == {"pulumi": (b"engine", 0o755), "pulumi-language-python": (b"host", 0o755)}


@pytest.mark.parametrize(
    "name",
    [
        "../pulumi",
        "/pulumi/pulumi",
        "pulumi/../pulumi",
        "pulumi/..",
        "pulumi/deep/pulumi",
        "elsewhere/pulumi",
        "pulumi",
    ],
)
def test_a_path_that_is_no_program_of_the_release_is_refused(tmp_path: Path, name: str) -> None:
    archive = tmp_path / NAME
    archive.write_bytes(archived({name: b"x"}))
    with pytest.raises(WayClosed, match="which is no program in pulumi/"):
        unpack(archive, _empty(tmp_path))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["bin", NAME], "nothing was written"


def test_a_link_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as new:
        link = tarfile.TarInfo("pulumi/pulumi")
        link.type, link.linkname = tarfile.SYMTYPE, "/bin/sh"
        new.addfile(link)
    archive = tmp_path / NAME
    archive.write_bytes(packed.getvalue())
    with pytest.raises(WayClosed, match="which is no program"):
        unpack(archive, _empty(tmp_path))


@pytest.mark.parametrize(
    "data", [b"not an archive", archived({"pulumi/pulumi": b"x" * 9999})[:60]], ids=["text", "half"]
)
def test_a_broken_archive_is_explained(tmp_path: Path, data: bytes) -> None:
    archive = tmp_path / NAME
    archive.write_bytes(data)
    with pytest.raises(WayClosed, match=f"{NAME} cannot be unpacked"):
        unpack(archive, _empty(tmp_path))


def _empty(tmp_path: Path) -> Path:
    directory = tmp_path / "bin"
    directory.mkdir()
    return directory
