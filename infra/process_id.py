"""Which process is meant: a pid alone may belong to somebody else by the time it is used."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import psutil

SAME_START_SECONDS = 0.05
"""Linux counts start times in ticks of 10 ms; a pid is not given out twice within a few of them."""


@dataclass(frozen=True)
class ProcessId:
    """A process by its pid and by when it started, in seconds after the machine booted.

    After boot, not since the epoch: a clock that is set while the process runs moves both and changes nothing here.
    """

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """Raises psutil.NoSuchProcess where there is none."""
        return cls(pid, psutil.Process(pid).create_time() - psutil.boot_time())

    @classmethod
    def own(cls) -> ProcessId:
        return cls.of(os.getpid())

    def process(self) -> psutil.Process | None:
        """The living process, or None where it is gone, a zombie, or its pid belongs to another one now."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            started = process.create_time() - psutil.boot_time()
            if abs(started - self.started) < SAME_START_SECONDS and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None

    def alive(self) -> bool:
        return self.process() is not None

    def send(self, number: signal.Signals) -> None:
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill_group(self) -> None:
        """Kill the process and all of its group; only for a process that leads a group of its own."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def family(self) -> Iterator[psutil.Process]:
        """The process and all it started, as far as they live."""
        process = self.process()
        if process is None:
            return
        yield process
        with suppress(psutil.NoSuchProcess):
            yield from process.children(recursive=True)
