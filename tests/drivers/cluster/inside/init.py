"""The duties of a process 1: start the programs, collect orphans, and end with the first program that ends."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from drivers.cluster.programs import Program


def slot_from_stdin() -> int:
    """Wait for the line that says that the links are there. Unbuffered, since end_with_stdin reads on."""
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1) or os._exit(0)
    return int(line)


def end_with_stdin() -> None:
    """Whoever started this machine holds the other end of its standard input. If that goes, so does the machine."""
    threading.Thread(target=_await_end_of_stdin, daemon=True).start()


def _await_end_of_stdin() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


def start(program: Program, logs: Path, machine: str) -> int:
    with (logs / f"{machine}-{program.name}.log").open("ab") as out:
        running = subprocess.Popen(
            program.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **program.environ}
        )
    return running.pid


def run_until_one_ends(programs: Mapping[int, str]) -> NoReturn:
    """Collect what ends; once it is one of the programs, end too, which ends everything in this namespace."""
    while True:
        process, status = os.waitpid(-1, 0)
        if process in programs:
            os.write(2, f"{programs[process]} ended with {os.waitstatus_to_exitcode(status)}\n".encode())
            os._exit(1)
