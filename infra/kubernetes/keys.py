"""Keys of a stack: first the Secret, which gateways start with; then each running gateway, without a reload."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from llmctl.infra.errors import ClusterError, ObjectConflict, ObjectNotFound, SettingsError
from llmctl.infra.kubernetes.account import Account, named, of_namespace
from llmctl.infra.kubernetes.gateway_runtime import GatewayRuntime
from llmctl.infra.kubernetes.key_store import KeyStore, StoredKey, digest, new_key
from llmctl.infra.kubernetes.tunnel import Gateways

SECRET = "gateway-keys"  # noqa: S105  (its name)
KEY_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
TRIES = 5
"""Of a change to the Secret, when others change it at the same moment."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """How the running gateways took a change."""

    gateways: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    """Gateways that could not be told, and why. They go by the Secret once they are started anew."""


@dataclass(frozen=True, kw_only=True)
class CreatedKey:
    id: str
    value: str
    """Shown once, stored nowhere."""

    limit: int | None
    told: Told


@dataclass(frozen=True, kw_only=True)
class ListedKey:
    key: StoredKey
    known_by: tuple[str, ...]
    """Gateways that take it."""


@dataclass(frozen=True, kw_only=True)
class KeyList:
    keys: tuple[ListedKey, ...]
    gateways: tuple[str, ...]
    """Those that answered."""

    failed: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Keys:
    """The keys of one stack. Methods raise ClusterError's kinds."""

    account: Account
    namespace: str

    def create(self, key_id: str, limit: int | None = None, *, replaces: bool = False) -> CreatedKey:
        """Raises SettingsError for a name that cannot be one, or is taken (unless `replaces`)."""
        if not KEY_ID.fullmatch(key_id):
            raise SettingsError(f"{key_id!r} cannot name a key: 1 to 63 of a-z, 0-9 and -, with no - at either end.")
        value, old = new_key(), self.stored().get(key_id)

        def add(store: KeyStore) -> KeyStore:
            if store.get(key_id) and not replaces:
                raise SettingsError(
                    f"There is a key {key_id} already. Choose another name, or first: llmctl keys revoke STACK {key_id}"
                )
            return store.with_key(value, key_id, limit, datetime.now(UTC))

        self._change(add)
        told = self._tell(lambda one: _swap(one, old if replaces else None, digest(value), key_id, limit))
        return CreatedKey(id=key_id, value=value, limit=limit, told=told)

    def revoke(self, key_id: str) -> Told:
        """From now on 401; answers that have begun go on. Raises SettingsError where there is no such key."""
        key = self.stored().get(key_id)
        if key is None:
            there = ", ".join(each.id for each in self.stored().keys) or "none"
            raise SettingsError(f"There is no key {key_id}. Keys of this stack: {there}.")
        self._change(lambda store: store.without(key_id))
        return self._tell(lambda one: one.forget(key.digest, key.id))

    def listed(self) -> KeyList:
        known, failed = self._ask_all()
        keys = (
            ListedKey(key=key, known_by=tuple(pod for pod, digests in known.items() if key.digest in digests))
            for key in self.stored().keys
        )
        return KeyList(keys=tuple(keys), gateways=tuple(known), failed=tuple(failed))

    def stored(self) -> KeyStore:
        return KeyStore.read(self._secret())

    def told_again(self, key: StoredKey) -> Told:
        """Have each gateway take a key that the Secret holds."""
        return self._tell(lambda one: one.learn(key.digest, key.id, key.limit))

    def _secret(self) -> dict[str, object]:
        try:
            return self.account.get(named(of_namespace(self.namespace, "secrets"), SECRET))
        except ObjectNotFound as error:
            raise ClusterError(
                f"The Secret {SECRET} is not there in namespace {self.namespace}. Make it: llmctl up STACK"
            ) from error

    def _change(self, change: Callable[[KeyStore], KeyStore]) -> None:
        """Read, change, write if nobody else did meanwhile."""
        for attempt in range(TRIES):
            secret: dict[str, object] = self._secret()
            metadata = secret["metadata"]
            assert isinstance(metadata, dict)  # noqa: S101  (of every object)
            version = {"resourceVersion": metadata["resourceVersion"]}
            body = {"metadata": version, "data": change(KeyStore.read(secret)).data()}
            try:
                self.account.patch(named(of_namespace(self.namespace, "secrets"), SECRET), body)
                return
            except ObjectConflict:
                if attempt == TRIES - 1:
                    raise

    def _tell(self, tell: Callable[[GatewayRuntime], None]) -> Told:
        done, failed = [], []
        for one in self._gateways():
            try:
                tell(one)
                done.append(one.pod)
            except (ClusterError, OSError) as error:
                failed.append((one.pod, str(error)))
        return Told(gateways=tuple(done), failed=tuple(failed))

    def _ask_all(self) -> tuple[dict[str, dict[str, str]], list[tuple[str, str]]]:
        known: dict[str, dict[str, str]] = {}
        failed: list[tuple[str, str]] = []
        for one in self._gateways():
            try:
                known[one.pod] = one.known()
            except (ClusterError, OSError) as error:
                failed.append((one.pod, str(error)))
        return known, failed

    def _gateways(self) -> Iterable[GatewayRuntime]:
        """All that run, ready or not: one that is on its way in or out may still take requests."""
        running = Gateways(self.account, self.namespace).running()
        return [GatewayRuntime(self.account, self.namespace, pod) for pod in running]


def _swap(one: GatewayRuntime, old: StoredKey | None, new: str, key_id: str, limit: int | None) -> None:
    if old is not None:
        one.forget(old.digest, old.id)
    one.learn(new, key_id, limit)


def ensure_operator_key(keys: Keys, file: Path, user: str) -> str:
    """The key of whoever runs llmctl, for `up`'s proof, chat and connect: the one in `file` while the stack takes it.

    Else a new one, in place of an earlier one of the same user, into the file (mode 0600).
    """
    if file.exists():
        value = file.read_text(encoding="utf-8").strip()
        held = next((key for key in keys.stored().keys if key.digest == digest(value)), None)
        if held is not None:
            keys.told_again(held)
            return value
    made = keys.create(operator_id(user), replaces=True)
    keep(file, made.value)
    return made.value


def operator_id(user: str) -> str:
    """The id of a user's own key: operator-USER, in the characters that an id may have."""
    name = re.sub(r"[^a-z0-9]+", "-", user.lower()).strip("-")[:50].strip("-")
    return f"operator-{name or 'unknown'}"


def keep(file: Path, value: str) -> None:
    """Write a key where only the user can read it; never world-readable, not even for a moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(f"{value}\n")
    new.replace(file)
