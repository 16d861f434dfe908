"""A cluster to try things on: `PYTHONPATH=tests:containers .venv/bin/python -m drivers.cluster up|down [DIRECTORY]`.

`build` makes all that a cluster is started from, and says what this machine lacks.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

from drivers.cluster.binaries import binaries
from drivers.cluster.cluster import Cluster
from drivers.cluster.layout import Layout
from drivers.cluster.packages import unpacked_packages
from drivers.cluster.preconditions import missing
from drivers.eventually import eventually

DEFAULT = Path("/tmp/llmctl-cluster")  # noqa: S108  (root's; made with the rights of root alone)


def build() -> None:
    if lacking := missing():
        raise SystemExit("\n".join(["==> No cluster can be made on this machine:", *(f"    {one}" for one in lacking)]))
    binaries()
    unpacked_packages()


def up(directory: Path, nodes: int) -> None:
    layout = Layout(directory)
    if layout.settings_file.exists():
        raise SystemExit(f"A cluster runs in {directory} already; `down` ends it.")
    shutil.rmtree(layout.logs, ignore_errors=True)  # of the one before
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster = Cluster.start(directory, name=f"llmctl-{directory.name}", nodes=nodes, until_we_end=False)
    (directory / "guard").write_text(str(cluster.guard.pid))
    print(f"export KUBECONFIG={cluster.kubeconfig}")  # noqa: T201
    print(f"export PATH={cluster.program('kubectl').parent}:$PATH")  # noqa: T201


def down(directory: Path) -> None:
    guard = int((directory / "guard").read_text())
    os.kill(guard, signal.SIGTERM)
    eventually(lambda: not Path(f"/proc/{guard}").exists(), "the cluster has ended")


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="drivers.cluster", description=__doc__)
    parser.add_argument("verb", choices=["build", "up", "down"])
    parser.add_argument("directory", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--nodes", type=int, default=2)
    chosen = parser.parse_args(words)
    directory = chosen.directory.absolute()
    if chosen.verb == "build":
        build()
    elif chosen.verb == "up":
        up(directory, chosen.nodes)
    else:
        down(directory)


if __name__ == "__main__":
    main(sys.argv[1:])
