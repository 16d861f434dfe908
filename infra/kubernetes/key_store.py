"""The keys of a stack as they lie in its Secret: hashes, never a key. Pure."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from llmctl.serving.manifests.spec import Manifest

PREFIX = "llmctl-"
"""So that a key that lies around is known for what it is."""

ENTROPY_BYTES = 32
"""256 bits, as many as the hash has: there is nothing to guess, so the hash needs no salt and no slowness."""

KEYS, LIMITS, CREATED = "keys.map", "limits.map", "created.map"
"""Files of the Secret: digest -> id, id -> requests per minute, id -> when. The gateway reads the first two."""


def new_key() -> str:
    return PREFIX + secrets.token_urlsafe(ENTROPY_BYTES)


def digest(key: str) -> str:
    """As the gateway computes it of the bearer token: SHA-256, hex, lower case."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class StoredKey:
    id: str
    digest: str
    limit: int | None
    """Requests per minute; None: the stack's own."""

    created: str | None
    """ISO 8601 in UTC; None for one that came by other ways than llmctl."""


@dataclass(frozen=True)
class KeyStore:
    keys: tuple[StoredKey, ...]

    @classmethod
    def read(cls, secret: Manifest) -> KeyStore:
        files = {name: base64.b64decode(text).decode() for name, text in (secret.get("data") or {}).items()}
        limits, created = _map(files.get(LIMITS, "")), _map(files.get(CREATED, ""))
        return cls(
            tuple(
                StoredKey(id=who, digest=hashed, limit=_number(limits.get(who)), created=created.get(who))
                for hashed, who in _map(files.get(KEYS, "")).items()
            )
        )

    def data(self) -> dict[str, str]:
        """The Secret's `data`."""
        files = {
            KEYS: {key.digest: key.id for key in self.keys},
            LIMITS: {key.id: str(key.limit) for key in self.keys if key.limit is not None},
            CREATED: {key.id: key.created for key in self.keys if key.created},
        }
        return {name: base64.b64encode(_lines(entries).encode()).decode() for name, entries in files.items()}

    def get(self, key_id: str) -> StoredKey | None:
        return next((key for key in self.keys if key.id == key_id), None)

    def with_key(self, key: str, key_id: str, limit: int | None, now: datetime) -> KeyStore:
        """The key of that id, in place of an earlier one."""
        created = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        new = StoredKey(id=key_id, digest=digest(key), limit=limit, created=created)
        return replace(self.without(key_id), keys=(*self.without(key_id).keys, new))

    def without(self, key_id: str) -> KeyStore:
        return KeyStore(tuple(key for key in self.keys if key.id != key_id))


def _map(text: str) -> dict[str, str]:
    """Lines of a key and a value; what starts with # is a comment, as HAProxy reads it."""
    lines = (line.split(None, 1) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {words[0]: words[1].strip() for words in lines if len(words) == 2}


def _lines(entries: Mapping[str, str]) -> str:
    return "".join(f"{name} {value}\n" for name, value in entries.items())


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None
