"""The cluster's place among the control groups: one of its own in every hierarchy (cgroup v1), removed afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PATIENCE_S = 30.0
PREFIX = "llmctl-"
"""Of every cluster's name. By it who compares before and after leaves clusters of others out."""


def hierarchies() -> list[Path]:
    """The mounted ones: cpu, memory, ..., and those without a controller that runc joins too: systemd and unified."""
    return sorted(path for path in ROOT.iterdir() if (path / "cgroup.procs").exists())


def version_1() -> bool:
    return (ROOT / "memory" / "tasks").exists()


def create(name: str, children: list[str]) -> None:
    """/NAME/CHILD in each hierarchy. A cpuset without processors takes no process, so it gets its parent's."""
    for hierarchy in hierarchies():
        for path in (hierarchy / name, *(hierarchy / name / child for child in children)):
            path.mkdir()
            for file in ("cpuset.cpus", "cpuset.mems"):
                if (path / file).exists():
                    (path / file).write_text((path.parent / file).read_text())


def exists(name: str) -> bool:
    return any((hierarchy / name).exists() for hierarchy in hierarchies())


def join(name: str, child: str, process: int) -> None:
    for hierarchy in hierarchies():
        (hierarchy / name / child / "cgroup.procs").write_text(str(process))


def remove(name: str) -> None:
    """Remove the groups of processes that have been killed; the kernel lets a group go only after its last process."""
    deadline = time.monotonic() + PATIENCE_S
    while remaining := [group for hierarchy in hierarchies() for group in _below(hierarchy / name)]:
        assert time.monotonic() < deadline, f"control groups still in use after {PATIENCE_S:g} s: {remaining}"
        for group in remaining:
            try:
                group.rmdir()
            except OSError:  # busy: a process of it is still on its way out
                time.sleep(0.01)


def _below(group: Path) -> Iterator[Path]:
    """The group and all in it, the innermost first."""
    if group.is_dir():
        for child in group.iterdir():
            if child.is_dir():
                yield from _below(child)
        yield group
