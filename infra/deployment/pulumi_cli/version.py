"""Which Pulumi CLI llmctl wants, and which one a file is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from llmctl.infra.deployment.pulumi_cli.ways import WayClosed

PINNED = "3.259.0"
"""The version that llmctl downloads or builds; go/go.mod names the same one."""

MINIMUM = "3.259.0"
"""The oldest version that was run with the Python SDK llmctl depends on (3.272).

Pulumi promises compatibility back to 3.1; an older CLI may well do, but nobody has tried it.
"""

ANSWER_TIMEOUT_S = 30
"""`pulumi version` takes 0.2 s; a cold disk or a busy machine takes seconds."""

SMALLEST_BINARY = 1_000_000
"""Bytes. A smaller `pulumi` is a version manager's shim, whose answer depends on more than its own file."""


def as_numbers(version: str) -> tuple[int, int, int]:
    """`3.259.0` -> (3, 259, 0); a suffix such as `-dev.1` is left out. Raises WayClosed for anything else."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    if not found:
        raise WayClosed(f"says its version is {version[:80]!r}, which is none")
    major, minor, patch = found.groups()
    return int(major), int(minor), int(patch)


def answered_version(binary: Path, environ: Mapping[str, str], *, home: Path) -> str:
    """Ask the program itself. Raises WayClosed where it cannot be run or answers no version.

    `home` is its PULUMI_HOME: every command writes a log, else below the `.pulumi` of the user's home directory.
    """
    quiet = {**environ, "PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_HOME": str(home)}
    try:
        answer = subprocess.run(
            [binary, "version"], env=quiet, capture_output=True, text=True, check=True, timeout=ANSWER_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as late:
        raise WayClosed(f"did not answer `version` within {ANSWER_TIMEOUT_S} s") from late
    except subprocess.CalledProcessError as failed:
        raise WayClosed(f"fails on `version` with exit code {failed.returncode}") from failed
    except (OSError, UnicodeDecodeError) as broken:
        raise WayClosed(f"cannot be run: {broken}") from broken
    version = answer.stdout.strip().removeprefix("v")
    as_numbers(version)
    return version


class RememberedVersions:
    """Versions by path, modification time and size, in one small file: asking a binary again costs 0.2 s."""

    def __init__(self, own_directory: Path) -> None:
        self._file = own_directory / "versions.json"
        self._home = own_directory / "home"
        self._known = self._read()

    def of(self, binary: Path, environ: Mapping[str, str]) -> str:
        """The version of that program. Raises WayClosed where it has none."""
        try:
            stat = binary.stat()
        except OSError as missing:
            raise WayClosed(f"cannot be read: {missing.strerror}") from missing
        if stat.st_size < SMALLEST_BINARY:
            return answered_version(binary, environ, home=self._home)
        key = f"{binary}|{stat.st_mtime_ns}|{stat.st_size}"
        if key not in self._known:
            self._remember(binary, key, answered_version(binary, environ, home=self._home))
        return self._known[key]

    def _read(self) -> dict[str, str]:
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):  # never written, or half a file: it is only a memory
            return {}
        return {str(k): str(v) for k, v in known.items()} if isinstance(known, dict) else {}

    def _remember(self, binary: Path, key: str, version: str) -> None:
        kept = {k: v for k, v in self._known.items() if not k.startswith(f"{binary}|")}
        self._known = {**kept, key: version}
        with suppress(OSError):  # a cache that cannot be written makes the next look slower, nothing else
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".versions-", dir=self._file.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as new:
                json.dump(self._known, new)
            Path(name).replace(self._file)
