"""CustomResourceDefinitions of what a stack makes use of where it is: KEDA and the Prometheus operator, as released."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Release:
    """A Go module that carries the definitions of its own API."""

    module: str
    version: str
    sum: str
    """Of its content, as in a go.sum."""

    files: tuple[str, ...]


KEDA = Release(
    "github.com/kedacore/keda/v2",
    "v2.21.0",
    "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
    ("config/crd/bases/keda.sh_scaledobjects.yaml",),
)
PROMETHEUS_OPERATOR = Release(
    "github.com/prometheus-operator/prometheus-operator",
    "v0.85.0",
    "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
    (
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
)


def definitions() -> Iterator[Path]:
    """Files to apply, from Go's module cache. Raises AssertionError when a module is not what it was."""
    for release in (KEDA, PROMETHEUS_OPERATOR):
        command = ["go", "mod", "download", "-json", f"{release.module}@{release.version}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}"
        found = json.loads(done.stdout)
        assert found["Sum"] == release.sum, f"{release.module} {release.version} is another than before"
        yield from (Path(found["Dir"]) / file for file in release.files)
