"""HAProxy's runtime API, over a connection to its admin port: a socket, or a port-forward that behaves like one.

Keys that are added or removed here count from the next request on; nothing is loaded anew, no stream ends. It changes
the process only: the Secret has to be changed too, or a gateway that starts later does not know.
"""

from __future__ import annotations

import csv
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from llmctl.serving.errors import GatewayError
from llmctl.serving.gateway.keys import KEYS, LIMITS, KeyRecord

PROMPT = b"\n> "
TIMEOUT_SECONDS = 30.0


class Connection(Protocol):
    def sendall(self, data: bytes, /) -> None: ...

    def recv(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class ServerState:
    """A place of a model for a replica, as one gateway sees it."""

    model: str
    name: str
    address: str
    """Of its replica; empty while DNS has none for it."""

    up: bool
    status: str
    """HAProxy's word: UP, DOWN, MAINT, "DOWN 1/2"…"""

    working: int
    waiting: int


@dataclass(frozen=True, kw_only=True)
class ModelState:
    model: str
    ready: int
    """Replicas that take requests."""

    working: int
    waiting: int
    """Requests of this gateway."""


class Administration:
    """Of one gateway. Raises GatewayError where it refuses, or answers nothing."""

    def __init__(self, connection: Connection, keys_directory: str) -> None:
        self._connection = connection
        self._keys = f"{keys_directory}/{KEYS}"
        self._limits = f"{keys_directory}/{LIMITS}"
        # With a prompt one connection carries many commands, and shows where an answer ends.
        self.run("prompt")

    def run(self, command: str) -> str:
        """One command's answer."""
        if "\n" in command or ";" in command:
            raise GatewayError("a command of the gateway's administration is one line without ;")
        try:
            self._connection.sendall(command.encode() + b"\n")
            return self._answer(command)
        except OSError as problem:
            raise GatewayError(
                f"the gateway's administration broke off during `{_verb(command)}`: {problem}"
            ) from problem

    def _answer(self, command: str) -> str:
        received = b""
        while not received.endswith(PROMPT):
            data = self._connection.recv(65_536)
            if not data:
                raise GatewayError(f"the gateway's administration ended the connection during `{_verb(command)}`")
            received += data
        return received.removesuffix(PROMPT).decode().strip()

    # --- keys -------------------------------------------------------------------------------------------------------

    def add_key(self, record: KeyRecord) -> None:
        """Or give a known one another id or limit."""
        if record.requests_per_minute is None:
            self._remove(self._limits, record.id)
        else:
            self._put(self._limits, record.id, str(record.requests_per_minute))
        self._put(self._keys, record.sha256, record.id)

    def remove_key(self, record: KeyRecord) -> None:
        """The next request with it is a 401; running ones go on. One that is gone already is no error."""
        self._remove(self._keys, record.sha256)
        self._remove(self._limits, record.id)

    def key_ids(self) -> frozenset[str]:
        """Of the keys that count now."""
        lines = self._accepted(f"show map {self._keys}").splitlines()
        return frozenset(line.split()[2] for line in lines if line)

    def _put(self, file: str, name: str, value: str) -> None:
        if self._has(file, name):
            self._silent(f"set map {file} {name} {value}")
        else:
            self._silent(f"add map {file} {name} {value}")

    def _remove(self, file: str, name: str) -> None:
        if self._has(file, name):
            self._silent(f"del map {file} {name}")

    def _has(self, file: str, name: str) -> bool:
        return "found=yes" in self._accepted(f"get map {file} {name}")

    def _silent(self, command: str) -> None:
        if answer := self.run(command):
            raise GatewayError(f"the gateway refused `{_verb(command)}`: {answer.splitlines()[0]}")

    def _accepted(self, command: str) -> str:
        answer = self.run(command)
        if answer.startswith("Unknown"):
            raise GatewayError(f"the gateway refused `{_verb(command)}`: {answer.splitlines()[0]}")
        return answer

    # --- state ------------------------------------------------------------------------------------------------------

    def servers(self) -> tuple[ServerState, ...]:
        """Places that have a replica's address."""
        addresses = self._addresses()
        rows = [row for row in self._statistics() if row["svname"] not in ("FRONTEND", "BACKEND")]
        states = [_server(row, addresses.get((row["pxname"], row["svname"]), "")) for row in rows]
        return tuple(state for state in states if state.address)

    def models(self) -> tuple[ModelState, ...]:
        return tuple(_model(row) for row in self._statistics() if row["svname"] == "BACKEND")

    def information(self) -> Mapping[str, str]:
        """`show info`: name -> value (Version, Uptime_sec, CurrConns, Stopping…)."""
        pairs = (line.partition(":") for line in self.run("show info").splitlines())
        return {name.strip(): value.strip() for name, _, value in pairs}

    def _statistics(self) -> list[dict[str, str]]:
        table = self.run("show stat").removeprefix("# ").splitlines()
        return [row for row in csv.DictReader(table) if row["pxname"].startswith(MODEL_PREFIX)]

    def _addresses(self) -> dict[tuple[str, str], str]:
        """Of (backend, server). The second line names the columns."""
        _, titles, *rows = self.run("show servers state").splitlines()
        columns = titles.removeprefix("# ").split()
        found = [dict(zip(columns, row.split(), strict=False)) for row in rows if row]
        return {(row["be_name"], row["srv_name"]): row["srv_addr"] for row in found if row["srv_addr"] != "-"}


MODEL_PREFIX = "model-"


def _server(row: Mapping[str, str], address: str) -> ServerState:
    return ServerState(
        model=row["pxname"].removeprefix(MODEL_PREFIX),
        name=row["svname"],
        address=address,
        up=row["status"].startswith("UP"),
        status=row["status"],
        working=int(row["scur"]),
        waiting=int(row["qcur"]),
    )


def _model(row: Mapping[str, str]) -> ModelState:
    waiting = int(row["qcur"])
    # The sessions of a backend are those that wait and those that a replica works on.
    return ModelState(
        model=row["pxname"].removeprefix(MODEL_PREFIX),
        ready=int(row["act"]),
        working=int(row["scur"]) - waiting,
        waiting=waiting,
    )


def _verb(command: str) -> str:
    """Of a command what may be shown: not the hash of a key."""
    return " ".join(command.split()[:2])


@contextmanager
def administration(address: tuple[str, int], keys_directory: str) -> Iterator[Administration]:
    """At a host and port. Raises GatewayError."""
    try:
        connection = socket.create_connection(address, timeout=TIMEOUT_SECONDS)
    except OSError as problem:
        raise GatewayError(f"no gateway's administration answers at {address[0]}:{address[1]}: {problem}") from problem
    with connection:
        yield Administration(connection, keys_directory)
