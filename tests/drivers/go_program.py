"""Programs built from their Go module the first time they are wanted, and kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock
from platformdirs import user_cache_path


def go_program(module: Path, package: str, *, name: str) -> Path:
    """The binary of `package`, as go.mod and go.sum in `module` pin it; their content is its name in the cache.

    Building takes minutes on two cores, once. Without Go the test is skipped.
    """
    go = shutil.which("go")
    if go is None:
        pytest.skip(f"go is not on PATH, and {name} is built with it")
    pinned = hashlib.sha256(b"".join((module / file).read_bytes() for file in ("go.mod", "go.sum"))).hexdigest()
    program = user_cache_path("llmctl") / "tests" / name / pinned[:16] / name
    program.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(program.with_suffix(".lock")):
        if not program.exists():
            _build(go, module, package, program)
    return program


def _build(go: str, module: Path, package: str, program: Path) -> None:
    unfinished = program.with_suffix(".unfinished")
    flags = ["-mod=readonly", "-modcacherw", "-trimpath", "-tags=osusergo", "-ldflags=-s -w"]
    environ = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    command = [go, "build", *flags, "-o", str(unfinished), package]
    built = subprocess.run(command, cwd=module, env=environ, capture_output=True, text=True, check=False)
    assert built.returncode == 0, f"go build of {program.name} failed: {built.stderr[-2000:]}"
    unfinished.replace(program)
