"""Python packages, installed by pip under the very interpreter that is in the image.

Its loader starts it out of the tree, so that wheels are chosen for it, whatever Python and glibc this machine has.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from packing import CannotPack
from packing.debian import LIBRARIES
from packing.layer import Layer

LOADER = "lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
"""Not lib64/…, which is a link to this very path, of this machine."""

PROGRAM = "usr/bin/python3.11"


@contextmanager
def interpreter(layer: Layer) -> Iterator[Interpreter]:
    """The Python of a Debian layer, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="unfinished-") as root:
        subprocess.run(["tar", "--extract", "--gzip", "--file", str(layer.file), "--directory", root], check=True)
        yield Interpreter(Path(root))


class Interpreter:
    """A Python whose files lie below `root` instead of `/`."""

    def __init__(self, root: Path) -> None:
        libraries = ":".join(str(root / name) for name in LIBRARIES)
        # What it believes to be called goes into the first line of scripts.
        self._command = [str(root / LOADER), "--argv0", f"/{PROGRAM}", "--library-path", libraries, str(root / PROGRAM)]
        self._home = str(root / "usr")

    def install(self, requirements: Path, constraints: Path, target: Path) -> None:
        """Wheels only, each held to a hash in `constraints`; from where pip is configured to look."""
        with tempfile.TemporaryDirectory() as alone:
            Path(alone, "pip").symlink_to(_pip())
            self._run(
                *("-m", "pip", "install", "--quiet", "--no-input", "--no-compile", "--only-binary", ":all:"),
                *("--require-hashes", "--constraint", str(constraints), "--requirement", str(requirements)),
                *("--target", str(target), "--upgrade"),
                path=alone,
            )
        shutil.rmtree(target / "bin", ignore_errors=True)  # commands for people

    def compile(self, tree: Path, *directories: str) -> None:
        """Bytecode beside the sources, since a read-only root takes none later. It never looks at a source's time."""
        self._run(
            *("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
            *("-s", str(tree), "-p", "/", *(str(tree / name) for name in directories)),
        )

    def _run(self, *arguments: str, path: str = "") -> None:
        environment = {**os.environ, "PYTHONHOME": self._home, "PYTHONPATH": path, "PYTHONNOUSERSITE": "1"}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [*self._command, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")] or done.stderr.splitlines()
            raise CannotPack(f"{' '.join(arguments[:3])} failed: {' '.join(said[-3:])}")


def _pip() -> Path:
    found = importlib.util.find_spec("pip")
    if found is None or found.origin is None:
        raise CannotPack("pip is not in this Python environment. Make one with: make install")
    return Path(found.origin).parent
