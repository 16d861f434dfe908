"""Debian's containerd, runc, network plugins and iptables, unpacked into the user's cache: nothing is installed.

The nodes see them in /usr by an overlay of their own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

PACKAGES = [
    "containerd",
    "runc",
    "containernetworking-plugins",
    "conntrack",
    "iptables",
    # what these need and a small Debian may lack
    "libip4tc2",
    "libip6tc2",
    "libmnl0",
    "libnetfilter-conntrack3",
    "libnfnetlink0",
    "libnftnl11",
    "libseccomp2",
    "libxtables12",
    "netbase",
]

ALTERNATIVES = [f"ip{version}tables{use}" for version in ("", "6") for use in ("", "-save", "-restore")]
"""Names that a script of the package iptables would make when installed."""


def unpacked_packages() -> Path:
    """The directory that they are unpacked in, as if it were /. Made once per Debian release, in some ten seconds."""
    release = Path("/etc/debian_version").read_text()
    wanted = hashlib.sha256(" ".join([release, *PACKAGES]).encode()).hexdigest()
    root = user_cache_path("llmctl") / "tests" / "cluster" / f"debian-{wanted[:16]}"
    root.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(root.with_suffix(".lock")):
        if not root.exists():
            _unpack(root)
    return root


def _unpack(root: Path) -> None:
    unfinished = root.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    downloads = unfinished / "downloads"
    downloads.mkdir(parents=True)
    _download(downloads)
    for archive in sorted(downloads.glob("*.deb")):
        _run(["dpkg-deb", "--extract", str(archive), str(unfinished)], downloads)
    _merge_into_usr(unfinished)
    for name in ALTERNATIVES:
        (unfinished / "usr/sbin" / name).symlink_to("xtables-nft-multi")
    shutil.rmtree(downloads)
    unfinished.rename(root)


def _download(directory: Path) -> None:
    """With package lists of our own, since the machine's may be missing or older than what the mirror still has."""
    lists, cache = directory / "lists", directory / "cache"
    for partial in (lists / "partial", cache / "archives" / "partial"):
        partial.mkdir(parents=True)
    options = [f"-oDir::State::Lists={lists}", f"-oDir::Cache={cache}", "-oAPT::Sandbox::User=root"]
    _run(["apt-get", "--quiet=2", *options, "update"], directory)
    _run(["apt-get", "--quiet=2", *options, "download", *PACKAGES], directory)


def _merge_into_usr(root: Path) -> None:
    """What packages put into /bin, /lib and /sbin is in /usr on a Debian of today (merged /usr)."""
    for name in ("bin", "lib", "sbin"):
        if (root / name).is_dir():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)


def _run(command: list[str], directory: Path) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=directory, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command[:3])} failed: {done.stderr[-2000:]}"
