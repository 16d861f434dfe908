"""What is there in the double of a cloud: one SQLite file, which outlives the run and can be read beside it."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from llmctl.infra.rehearsal.cloud.request import Existing

TABLES = """
CREATE TABLE IF NOT EXISTS things (
    type TEXT, id TEXT, account TEXT, region TEXT, inputs TEXT, outputs TEXT, created TEXT, made_by TEXT, owner TEXT,
    PRIMARY KEY (type, id, region)
);
CREATE TABLE IF NOT EXISTS generations (urn TEXT PRIMARY KEY, number INTEGER);
"""
FILE = "things.sqlite"
COLUMNS = "type, id, account, region, inputs, outputs, created, made_by"


@dataclass(frozen=True)
class Owner:
    """Of something that the cloud made for something else, and takes away with it."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class Store:
    """A `World` that can be changed. Safe for threads, and for one writing and several reading processes."""

    def __init__(self, world: Path) -> None:
        self.lock = threading.RLock()
        """For who has to look and then write, with nobody in between."""

        self._database = sqlite3.connect(world / FILE, check_same_thread=False, isolation_level=None)
        # What is lost when the machine loses its power is a rehearsal.
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.executescript(TABLES)

    def close(self) -> None:
        self._database.close()

    def of_type(self, *types: str) -> Iterator[Existing]:
        """In the order in which they were made."""
        where = f"WHERE type IN ({','.join('?' * len(types))})"
        return iter(self._read(f"{where} ORDER BY created, rowid", types))

    def everything(self) -> list[Existing]:
        return self._read("ORDER BY created, rowid", ())

    def find(self, type_: str, id_: str) -> Existing | None:
        return next(iter(self._read("WHERE type = ? AND id = ?", (type_, id_))), None)

    def _read(self, where: str, values: tuple[str, ...]) -> list[Existing]:
        # The statement is made of constants and question marks.
        with self.lock, closing(self._database.execute(f"SELECT {COLUMNS} FROM things {where}", values)) as rows:  # noqa: S608
            return [_existing(row) for row in rows.fetchall()]

    def put(self, thing: Existing, owner: Owner | None = None) -> None:
        """Makes it, or changes it where one of that type and id is there; then it keeps its owner."""
        row = (
            thing.type,
            thing.id,
            thing.account,
            thing.region,
            json.dumps(dict(thing.inputs)),
            json.dumps(dict(thing.outputs)),
            thing.created.isoformat(),
            thing.made_by,
            str(owner or ""),
        )
        change = "inputs = excluded.inputs, outputs = excluded.outputs, made_by = excluded.made_by"
        with self.lock:
            self._database.execute(
                f"INSERT INTO things VALUES ({','.join('?' * len(row))}) ON CONFLICT DO UPDATE SET {change}",  # noqa: S608
                row,
            )

    def remove(self, type_: str, id_: str) -> None:
        """With all that the cloud had made for it."""
        with self.lock:
            self._database.execute("DELETE FROM things WHERE type = ? AND id = ?", (type_, id_))
            self._database.execute("DELETE FROM things WHERE owner = ?", (str(Owner(type_, id_)),))

    def generation(self, urn: str) -> int:
        """How often something was made for this URN before; counts this one."""
        with self.lock:
            found = self._database.execute("SELECT number FROM generations WHERE urn = ?", (urn,)).fetchone()
            number: int = found[0] + 1 if found else 0
            self._database.execute("INSERT OR REPLACE INTO generations VALUES (?, ?)", (urn, number))
        return number


def _existing(row: tuple[Any, ...]) -> Existing:
    type_, id_, account, region, inputs, outputs, created, made_by = row
    return Existing(
        type=type_,
        id=id_,
        account=account,
        region=region,
        inputs=json.loads(inputs),
        outputs=json.loads(outputs),
        created=datetime.fromisoformat(created),
        made_by=made_by,
    )


def now() -> datetime:
    return datetime.now(UTC)
