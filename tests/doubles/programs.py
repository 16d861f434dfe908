"""Stand-ins for programs on PATH: shell scripts that answer as the real ones do."""

from __future__ import annotations

from pathlib import Path

BINARY_SIZE = 1_500_000
"""Bytes; as large as a program must be for its version to be remembered."""


def script(path: Path, *lines: str, size: int = 0) -> Path:
    """An executable shell script, padded with a comment to at least `size` bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(["#!/bin/sh", *lines, "exit $?", "#"])
    path.write_text(text.ljust(size, "x"), encoding="utf-8")
    path.chmod(0o755)
    return path


def pulumi_that_answers(folder: Path, version: str, *, size: int = 0) -> Path:
    return script(folder / "pulumi", f"echo v{version}", size=size)


def pulumi_that_counts_its_calls(folder: Path, version: str, calls: Path, *, size: int = BINARY_SIZE) -> Path:
    return script(folder / "pulumi", f"echo called >> '{calls}'", f"echo v{version}", size=size)


def pulumi_that_fails(folder: Path) -> Path:
    return script(folder / "pulumi", "exit 3")


ANSWER_VERSION = 'if [ "$1" = version ]; then echo go version go1.26.0 linux/amd64; exit 0; fi'


def go_that_is(folder: Path, version: str) -> Path:
    return script(folder / "go", f"echo go version go{version} linux/amd64")


def go_that_fails_with(folder: Path, words: str) -> Path:
    """A new enough Go whose every other command fails with `words` on stderr."""
    return script(
        folder / "go", ANSWER_VERSION, f"echo '{words}' >&2", "exit 1",
    )  # fmt: skip


def go_that_takes_for_ever(folder: Path, *, note: Path) -> Path:
    """Writes its process id into `note` and then sleeps."""
    return script(
        folder / "go",
        ANSWER_VERSION,
        f"echo $$ > '{note}.new'",
        f"/bin/mv '{note}.new' '{note}'",
        "exec /bin/sleep 600",
    )
