"""Debian packages: fetched by apt with its own checks, and unpacked. None of their scripts runs."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from packing import CannotPack
from packing.apt import addresses, download, run

MACHINE = "x86_64"

LIBRARIES = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
"""Below the root; where Debian's loader looks without a cache."""

LEFT_OUT = (
    "usr/share/man",
    "usr/share/lintian",
    "usr/share/bug",
    "usr/share/locale",
    "usr/share/gdb",
    "usr/share/gcc",
    "usr/share/base-files",
    "usr/lib/x86_64-linux-gnu/gconv",
    "etc/init.d",
    "etc/logrotate.d",
    "etc/default",
    "etc/update-motd.d",
    "etc/skel",
    "etc/profile.d",
)
"""For people who log in, for services of a machine, and conversions of character sets that nothing here asks for."""


def candidates(packages: Sequence[str]) -> list[str]:
    """`NAME_VERSION_ARCH.deb SIZE SHA256:…` of each package, as apt would fetch it today. Raises CannotPack."""
    if platform.machine() != MACHINE:
        raise CannotPack(f"This machine is {platform.machine()}; images are packed on {MACHINE} only, for linux/amd64.")
    return sorted(line.split("' ", 1)[1] for line in addresses(packages).splitlines() if line.startswith("'"))


def unpack(packages: Sequence[str], tree: Path) -> None:
    """Fetch the packages and put their files into `tree`, with the record of them that scanners read."""
    with tempfile.TemporaryDirectory() as work:
        download(packages, Path(work))
        for package in sorted(Path(work).glob("*.deb")):
            run(["dpkg-deb", "--extract", str(package), str(tree)], tree)
            _record(package, tree)
    for name in LEFT_OUT:
        shutil.rmtree(tree / name, ignore_errors=True)
    _thin_documentation(tree / "usr/share/doc")


def _record(package: Path, tree: Path) -> None:
    """dpkg's own description, one file for each package: what distroless images do, so scanners know the place."""
    described = run(["dpkg-deb", "--field", str(package)], tree)
    name = next(line.removeprefix("Package: ") for line in described.splitlines() if line.startswith("Package: "))
    place = tree / "var/lib/dpkg/status.d"
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(described, encoding="utf-8")


def _thin_documentation(documentation: Path) -> None:
    """Licences have to go along with the programs; the rest does not."""
    for path in sorted(documentation.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.name != "copyright" and not path.is_symlink():
            path.unlink()


def write_users(tree: Path, users: Mapping[str, int]) -> None:
    """/etc/passwd and /etc/group with root, these, and nobody; their packages would write them by scripts."""
    everybody = {"root": 0, **users, "nobody": 65534}
    passwd = [f"{name}:x:{uid}:{uid}:{name}:/:/usr/sbin/nologin" for name, uid in everybody.items()]
    (tree / "etc").mkdir(exist_ok=True)
    (tree / "etc/passwd").write_text("".join(f"{line}\n" for line in passwd), encoding="utf-8")
    (tree / "etc/group").write_text("".join(f"{name}:x:{uid}:\n" for name, uid in everybody.items()), encoding="utf-8")
    # As Debian's base-files has it, without what is not in the image.
    (tree / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n", encoding="utf-8")
