"""The lines that a fetcher writes to its log: people read them, `status` shows them, the next ETA learns from them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RUNNING = re.compile(r"weights (?P<done>[\d.]+) of (?P<total>[\d.]+) GB, (?P<rate>\d+) MB/s")
_FINISHED = re.compile(
    r"weights done: (?P<fetched>\d+) bytes fetched in (?P<seconds>[\d.]+) s, (?P<rate>\d+) MB/s; "
    r"(?P<total>\d+) bytes verified"
)


@dataclass(frozen=True, kw_only=True)
class Running:
    done: int
    """Bytes on disk, those of an earlier try included."""

    total: int
    rate: float
    """Bytes per second, since the last such line."""

    def __str__(self) -> str:
        return f"weights {self.done / 1e9:.1f} of {self.total / 1e9:.1f} GB, {self.rate / 1e6:.0f} MB/s"


@dataclass(frozen=True, kw_only=True)
class Finished:
    fetched: int
    """Bytes that came over the network (or from the volume) in this try; an earlier one's are not in it."""

    seconds: float
    total: int

    @property
    def rate(self) -> float:
        """Bytes per second, hashing and flushing included: what a start can count on."""
        return self.fetched / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        return (
            f"weights done: {self.fetched} bytes fetched in {self.seconds:.3f} s, {self.rate / 1e6:.0f} MB/s; "
            f"{self.total} bytes verified"
        )


def parse_line(line: str) -> Running | Finished | None:
    """What a line of a fetcher's log says; None for any other line."""
    if found := _FINISHED.search(line):
        return Finished(fetched=int(found["fetched"]), seconds=float(found["seconds"]), total=int(found["total"]))
    if found := _RUNNING.search(line):
        done, total = (round(float(found[key]) * 1e9) for key in ("done", "total"))
        return Running(done=done, total=total, rate=float(found["rate"]) * 1e6)
    return None
