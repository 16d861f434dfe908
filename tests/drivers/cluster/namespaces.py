"""Start a program as process 1 of namespaces of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

TESTS = Path(__file__).parents[2]
IMPORTS = os.pathsep.join([str(TESTS), str(TESTS.parent / "containers")])
"""Where the driver's own modules come from, and the packer, by which it unpacks Debian's packages."""

UNSHARE = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--propagation", "private", "--mount-proc"]
"""--kill-child: the kernel kills process 1, and with it the whole namespace, when `unshare` itself is gone."""


def environ() -> dict[str, str]:
    """Of all that belongs to a cluster: nothing in it is reached through a proxy of the host's environment."""
    direct = {"NO_PROXY": "*", "no_proxy": "*"}
    return {**os.environ, **direct, "PYTHONPATH": IMPORTS, "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Machine:
    unshare: subprocess.Popen[bytes]
    init: int
    """Process 1 of the machine, by its number in the namespace of whoever started it."""

    @property
    def stdin(self) -> IO[bytes]:
        """Kept open for as long as the machine shall live: its process 1 ends when this does."""
        assert self.unshare.stdin
        return self.unshare.stdin

    def end(self) -> None:
        """Kill process 1, and with it all others. `unshare` is left to collect it, so that not even a zombie stays."""
        if self.unshare.poll() is None:
            os.kill(self.init, signal.SIGKILL)
        self.unshare.wait()


def start_machine(module: str, arguments: Sequence[str], log: Path) -> Machine:
    command = [*UNSHARE, "--fork", "--kill-child=KILL", sys.executable, "-m", module, *arguments]
    with log.open("ab") as out:
        unshare = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out, env=environ())
    return Machine(unshare, _only_child(unshare))


def _only_child(process: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None:
        if found := children.read_text().split():
            return int(found[0])
        time.sleep(0.005)
    raise AssertionError(f"unshare ended with {process.returncode}")
