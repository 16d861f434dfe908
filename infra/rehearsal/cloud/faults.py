"""What goes wrong on demand, by name and place."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from llmctl.infra.rehearsal.cloud.request import Operation


class Kind(StrEnum):
    """A kind's value is its name in files and on the command line."""

    THROTTLED = "throttled"
    """The API answers that it is asked too often, `times` times. A provider tries again by itself, up to a limit."""

    CREDENTIALS_EXPIRED = "credentials-expired"
    """From the first place it meets on until another Pulumi engine attaches, which stands for a new login."""

    QUOTA = "quota"
    NO_CAPACITY = "no-capacity"
    """Of machines, in a zone or everywhere: what wants one at once is made, and fails."""

    DEPENDANT = "dependant"
    """A delete is refused because something still uses it."""

    UNREACHABLE = "unreachable"
    """Nobody answers at the address."""

    TIMES_OUT = "times-out"
    """It is made and does not get ready in the time that the provider waits."""

    ANSWER_LOST = "answer-lost"
    """It is made, and the connection ends before the answer."""

    KILLED_BEFORE = "killed-before"
    """The Pulumi CLI, before the cloud was asked."""

    KILLED_MADE = "killed-made"
    """The Pulumi CLI, after the cloud has made it and before the engine has recorded it."""

    KILLED_AFTER = "killed-after"
    """The Pulumi CLI, after the engine has recorded it."""


BEFORE = (
    Kind.KILLED_BEFORE,
    Kind.UNREACHABLE,
    Kind.CREDENTIALS_EXPIRED,
    Kind.THROTTLED,
    Kind.QUOTA,
    Kind.DEPENDANT,
)
"""In the order in which they are met, before the cloud has done anything."""

MADE = (Kind.KILLED_MADE, Kind.ANSWER_LOST, Kind.NO_CAPACITY, Kind.TIMES_OUT)

ONLY: dict[Kind, tuple[Operation, ...]] = {
    Kind.DEPENDANT: (Operation.DELETE,),
    Kind.QUOTA: (Operation.CREATE,),
    Kind.NO_CAPACITY: (Operation.CREATE, Operation.UPDATE),
    Kind.TIMES_OUT: (Operation.CREATE, Operation.UPDATE),
}
"""Operations that a kind can happen to, where not to all."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    kind: Kind
    place: str = "*"
    """A type such as aws:eks/*, a resource's name in the program, or a zone; as in fnmatch."""

    times: int | None = 1
    """Operations that it happens to; of throttled, answers. None: every time."""

    def hits(self, operation: Operation, type_: str, name: str, zones: Iterable[str]) -> bool:
        possible = ONLY.get(self.kind, tuple(Operation))
        return operation in possible and any(fnmatchcase(each, self.place) for each in (type_, name, *zones))


FILE = "faults"
TEXT = re.compile(r"(?P<kind>[a-z-]+)(?:=(?P<place>[^,]+))?(?:,(?P<times>[0-9]+|always))?")


def parse(text: str) -> Fault:
    """`KIND[=PLACE][,TIMES|,always]`. Raises ValueError with a sentence that says what there is."""
    found = TEXT.fullmatch(text)
    if found is None or found["kind"] not in set(Kind):
        raise ValueError(f"There is no fault {text!r}: it is NAME[=PLACE][,TIMES], and names are {', '.join(Kind)}.")
    times = found["times"] or "1"
    return Fault(kind=Kind(found["kind"]), place=found["place"] or "*", times=None if times == "always" else int(times))


def plan_faults(world: Path, faults: Iterable[str]) -> None:
    """What shall go wrong from the next run of the Pulumi engine on. Raises ValueError for what is no fault."""
    texts = list(faults)
    for text in texts:
        parse(text)
    (world / FILE).write_text("\n".join(texts), encoding="utf-8")


class Faults:
    """Those of a file, which may be written anew between two runs. Safe for threads."""

    def __init__(self, world: Path) -> None:
        self._path, self._lock = world / FILE, threading.Lock()
        self._text = ""
        self._left: list[tuple[Fault, int | None]] = []
        self._expired: Fault | None = None
        self.begin()

    def begin(self) -> None:
        """Another engine has come: reads the file where it has changed. What was used up stays so."""
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        with self._lock:
            self._expired = None
            if text != self._text:
                self._text = text
                self._left = [(fault, fault.times) for fault in map(parse, text.split("\n")) if text]

    def met(self, kind: Kind, operation: Operation, type_: str, name: str, zones: Iterable[str] = ()) -> Fault | None:
        """The fault that happens now; it counts as used once."""
        with self._lock:
            if kind is Kind.CREDENTIALS_EXPIRED and self._expired:
                return self._expired
            for index, (fault, left) in enumerate(self._left):
                if fault.kind is kind and fault.hits(operation, type_, name, zones):
                    self._left[index : index + 1] = [(fault, left and left - 1)] if left != 1 else []
                    self._expired = fault if kind is Kind.CREDENTIALS_EXPIRED else self._expired
                    return fault
        return None
