"""What this machine must have before a cluster can be made on it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from drivers.cluster.cgroups import ROOT, version_1

PROGRAMS = {
    "go": "Go 1.26, which builds Kubernetes",
    "gcc": "the package gcc, which builds the kubelet",
    "apt-get": "Debian",
    "dpkg-deb": "Debian",
    "openssl": "the package openssl",
    "ip": "the package iproute2",
    "unshare": "the package util-linux",
    "mount": "the package mount",
    "hostname": "the package hostname",
}


def missing() -> list[str]:
    """Sentences, one per thing that is not there; empty if a cluster can be started."""
    lacking = [
        f"{name} is not on PATH: install {source}" for name, source in PROGRAMS.items() if not shutil.which(name)
    ]
    if os.geteuid() != 0:
        lacking.append("not root: namespaces, links and control groups need it")
    if not Path("/etc/debian_version").exists():
        lacking.append("not Debian: containerd, runc and the network plugins are taken from its packages")
    if not version_1():
        lacking.append(f"no control groups of version 1 below {ROOT}: version 2 was never tried with this cluster")
    return lacking
