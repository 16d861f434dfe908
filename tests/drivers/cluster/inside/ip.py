"""Links and routes, by iproute2."""

from __future__ import annotations

import subprocess


def ip(command: str) -> None:
    """`ip COMMAND`. Raises AssertionError with what it said if it fails."""
    done = subprocess.run(["ip", *command.split()], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {command}: {done.stderr.strip()}"
