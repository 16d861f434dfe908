"""API keys of a gateway: made here, shown once, kept as hashes. The Secret holds them as map files.

keys.map      SHA-256 of the key -> id
limits.map    id -> requests per minute, of keys that have a limit of their own
created.map   id -> when it was made; no gateway reads it
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from llmctl.serving.errors import GatewayError

KEYS, LIMITS, CREATED = "keys.map", "limits.map", "created.map"
PREFIX = "llmctl-"
"""So that scanners for leaked secrets can know one."""

KEY_BYTES = 32
ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class KeyRecord:
    id: str
    """Who uses the key: what logs and limits call it."""

    sha256: str
    requests_per_minute: int | None
    """Over all gateways; None: the stack's own limit."""

    created: datetime


def new_key(key_id: str, requests_per_minute: int | None = None, *, now: datetime) -> tuple[str, KeyRecord]:
    """The key itself, which is nowhere else, and what is kept of it. Raises GatewayError."""
    check_id(key_id)
    if requests_per_minute is not None and requests_per_minute < 1:
        raise GatewayError(f"limit of key {key_id}: {requests_per_minute}; at least 1 request per minute is allowed")
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    created = now.astimezone(UTC).replace(microsecond=0)
    record = KeyRecord(id=key_id, sha256=digest(key), requests_per_minute=requests_per_minute, created=created)
    return key, record


def digest(key: str) -> str:
    """What a gateway compares. A key has 256 random bits, so there is nothing that salt or slowness would protect."""
    return hashlib.sha256(key.encode()).hexdigest()


def check_id(key_id: str) -> None:
    """Raises GatewayError."""
    if not ID.fullmatch(key_id):
        allowed = "1 to 63 lower case letters, digits and . _ -, beginning with a letter or digit"
        raise GatewayError(f"key id {key_id!r}: allowed are {allowed}")


def key_files(records: Iterable[KeyRecord]) -> Mapping[str, str]:
    """The Secret's data, file name -> text. Raises GatewayError where two keys have one id."""
    ordered = sorted(records, key=lambda record: record.id)
    ids = [record.id for record in ordered]
    if twice := next((one for one in ids if ids.count(one) > 1), None):
        raise GatewayError(f"key id {twice} is there twice; revoke the old key, or name the new one otherwise")
    limited = [(one.id, one.requests_per_minute) for one in ordered if one.requests_per_minute is not None]
    return {
        KEYS: _written((one.sha256, one.id) for one in ordered),
        LIMITS: _written((key_id, str(limit)) for key_id, limit in limited),
        CREATED: _written((one.id, one.created.isoformat()) for one in ordered),
    }


def _written(entries: Iterable[tuple[str, str]]) -> str:
    return "".join(f"{name} {value}\n" for name, value in entries)


def key_records(files: Mapping[str, str]) -> tuple[KeyRecord, ...]:
    """Of the Secret's data; in the order of their ids. Raises GatewayError where it cannot be read."""
    limits, created = _read(files, LIMITS), _read(files, CREATED)
    return tuple(
        sorted(
            (_record(sha256, key_id, limits, created) for sha256, key_id in _read(files, KEYS).items()),
            key=lambda record: record.id,
        )
    )


def _record(sha256: str, key_id: str, limits: Mapping[str, str], created: Mapping[str, str]) -> KeyRecord:
    try:
        check_id(key_id)
        limit = int(limits[key_id]) if key_id in limits else None
        made = datetime.fromisoformat(created[key_id])
    except (GatewayError, KeyError, ValueError) as problem:
        raise GatewayError(f"the keys of the gateway cannot be read: key {key_id!r}: {problem!r}") from problem
    if not DIGEST.fullmatch(sha256):
        raise GatewayError(f"the keys of the gateway cannot be read: key {key_id} has no SHA-256")
    return KeyRecord(id=key_id, sha256=sha256, requests_per_minute=limit, created=made)


def _read(files: Mapping[str, str], name: str) -> dict[str, str]:
    entries = {}
    for number, line in enumerate(files.get(name, "").splitlines(), 1):
        first, separator, rest = line.strip().partition(" ")
        if not separator:
            raise GatewayError(f"the keys of the gateway cannot be read: {name}, line {number} is not `name value`")
        entries[first] = rest.strip()
    return entries
