"""Kubernetes, etcd and CoreDNS, built from their Go modules and kept by content in the user's cache.

The first build takes about a quarter of an hour on two cores. Each directory *_module beside this file pins one family
of programs; a change to it, or to how it is built, gives another directory in the cache.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

HERE = Path(__file__).parent

KUBERNETES_VERSION = "1.34.4"
"""1.35 and later refuse control groups of version 1."""

_FLAGS = ["-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false"]

_VERSION_FLAGS = " ".join(
    f"-X {variable}={value}"
    for variable, value in (
        ("k8s.io/component-base/version.gitVersion", f"v{KUBERNETES_VERSION}"),
        ("k8s.io/component-base/version.gitMajor", "1"),
        ("k8s.io/component-base/version.gitMinor", "34"),
        ("k8s.io/client-go/pkg/version.gitVersion", f"v{KUBERNETES_VERSION}"),
    )
)
"""Without them the servers and kubectl call themselves v0.0.0."""


@dataclass(frozen=True)
class GoPrograms:
    module: str
    """Directory beside this file, with go.mod, go.sum and perhaps sources."""
    packages: Mapping[str, str]
    """Name of each program, and the package of its main function."""
    variables: str = ""
    """Linker flags."""
    cgo: bool = False

    @property
    def fingerprint(self) -> str:
        sources = [file.read_bytes() for file in sorted((HERE / self.module).rglob("*")) if file.is_file()]
        how = repr((_FLAGS, self.packages, self.variables, self.cgo)).encode()
        return hashlib.sha256(b"\0".join([how, *sources])).hexdigest()[:16]


def _of_kubernetes(*names: str) -> dict[str, str]:
    return {name: f"k8s.io/kubernetes/cmd/{name}" for name in names}


SERVERS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy")

FAMILIES = [
    GoPrograms("kubernetes_module", _of_kubernetes(*SERVERS, "kubectl"), _VERSION_FLAGS),
    GoPrograms("kubernetes_module", _of_kubernetes("kubelet"), _VERSION_FLAGS, cgo=True),
    GoPrograms("etcd_module", {"etcd": "go.etcd.io/etcd/server/v3"}),
    GoPrograms("coredns_module", {"coredns": "./coredns"}),
    GoPrograms("images_module", {"pause": "./pause", "answerer": "./answerer"}),
]


def binaries() -> Path:
    """The directory of all programs. Whoever else wants them meanwhile waits for the one who builds."""
    fingerprints = "".join(family.fingerprint for family in FAMILIES)
    cache = user_cache_path("llmctl") / "tests" / "cluster"
    place = cache / f"programs-{hashlib.sha256(fingerprints.encode()).hexdigest()[:16]}"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "programs.lock"):
        for family in FAMILIES:
            built = _built(family, cache)
            for name in family.packages:
                if not (place / name).is_symlink():
                    (place / name).symlink_to(built / name)
    return place


def _built(family: GoPrograms, cache: Path) -> Path:
    """One `go build` after the other: each uses all processors already."""
    directory = cache / f"{family.module.removesuffix('_module')}-{family.fingerprint}"
    if not directory.exists():
        unfinished = directory.with_suffix(".unfinished")
        unfinished.mkdir(exist_ok=True)
        _build(family, unfinished)
        unfinished.rename(directory)
    return directory


def _build(family: GoPrograms, output: Path) -> None:
    names = ", ".join(family.packages)
    target = str(output / names) if len(family.packages) == 1 else f"{output}/"  # Go's name for etcd's is `server`
    flags = [*_FLAGS, f"-ldflags=-s -w {family.variables}".rstrip()]
    environ = {**os.environ, "CGO_ENABLED": str(int(family.cgo)), "GOTOOLCHAIN": "local", "GOWORK": "off"}
    command = ["go", "build", *flags, "-o", target, *family.packages.values()]
    print(f"building {names} (minutes, once)", flush=True)  # noqa: T201
    done = subprocess.run(command, cwd=HERE / family.module, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"go build of {names} failed: {done.stderr[-2000:]}"
