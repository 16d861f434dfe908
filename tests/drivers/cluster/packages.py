"""Debian's containerd, runc, network plugins and iptables, unpacked into the user's cache: nothing is installed.

The nodes see them in /usr by an overlay of their own.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from filelock import FileLock
from packing.apt import download, run
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
    download(PACKAGES, downloads)
    for archive in sorted(downloads.glob("*.deb")):
        run(["dpkg-deb", "--extract", str(archive), str(unfinished)], downloads)
    _merge_into_usr(unfinished)
    for name in ALTERNATIVES:
        (unfinished / "usr/sbin" / name).symlink_to("xtables-nft-multi")
    shutil.rmtree(downloads)
    unfinished.rename(root)


def _merge_into_usr(root: Path) -> None:
    """What packages put into /bin, /lib and /sbin is in /usr on a Debian of today (merged /usr)."""
    for name in ("bin", "lib", "sbin"):
        if (root / name).is_dir():
            shutil.copytree(root / name, root / "usr" / name, symlinks=True, dirs_exist_ok=True)
