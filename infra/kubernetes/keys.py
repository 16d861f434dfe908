"""Keys of a stack: first the Secret, which gateways start with; then each running gateway, without a reload."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from llmctl.infra.errors import ClusterError, ObjectConflict, ObjectNotFound, SettingsError
from llmctl.infra.kubernetes.account import Account, named, of_namespace
from llmctl.infra.kubernetes.gateway_runtime import pod_administration
from llmctl.infra.kubernetes.tunnel import Gateways
from llmctl.serving.errors import GatewayError
from llmctl.serving.gateway.haproxy.administration import Administration
from llmctl.serving.gateway.keys import KeyRecord, digest, key_files, key_records, new_key
from llmctl.serving.manifests.accounts import KEYS_SECRET
from llmctl.serving.manifests.spec import Manifest

TRIES = 5
"""Of a change to the Secret, when others change it at the same moment."""

Records = tuple[KeyRecord, ...]


@dataclass(frozen=True, kw_only=True)
class Told:
    """How the running gateways took a change."""

    gateways: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    """Gateways that could not be told, and why. They go by the Secret once they are started anew."""


@dataclass(frozen=True, kw_only=True)
class CreatedKey:
    record: KeyRecord
    value: str
    """Shown once, stored nowhere."""

    told: Told


@dataclass(frozen=True, kw_only=True)
class ListedKey:
    record: KeyRecord
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

    def create(self, key_id: str, requests_per_minute: int | None = None, *, replaces: bool = False) -> CreatedKey:
        """Raises SettingsError for a name or limit that is not allowed, or a name that is taken (unless `replaces`)."""
        try:
            value, record = new_key(key_id, requests_per_minute, now=datetime.now(UTC))
        except GatewayError as error:
            raise SettingsError(f"{error}.") from error
        replaced: Records = ()

        def add(records: Records) -> Records:
            nonlocal replaced
            replaced = tuple(each for each in records if each.id == key_id)
            if replaced and not replaces:
                raise SettingsError(f"There is a key {key_id} already. Choose another name, or revoke that one first.")
            return (*(each for each in records if each.id != key_id), record)

        def tell(gateway: Administration) -> None:
            for each in replaced:
                gateway.remove_key(each)
            gateway.add_key(record)

        self._change(add)
        return CreatedKey(record=record, value=value, told=self._tell(tell))

    def revoke(self, key_id: str) -> Told:
        """From now on 401; answers that have begun go on. Raises SettingsError where there is no such key."""
        gone: Records = ()

        def remove(records: Records) -> Records:
            nonlocal gone
            gone = tuple(each for each in records if each.id == key_id)
            if not gone:
                there = ", ".join(each.id for each in records) or "none"
                raise SettingsError(f"There is no key {key_id}. Keys of this stack: {there}.")
            return tuple(each for each in records if each.id != key_id)

        def tell(gateway: Administration) -> None:
            for each in gone:
                gateway.remove_key(each)

        self._change(remove)
        return self._tell(tell)

    def listed(self) -> KeyList:
        known: dict[str, frozenset[str]] = {}

        def note(pod: str, gateway: Administration) -> None:
            known[pod] = gateway.key_ids()

        told = self._each(note)
        keys = (
            ListedKey(record=each, known_by=tuple(pod for pod, ids in known.items() if each.id in ids))
            for each in self.stored()
        )
        return KeyList(keys=tuple(keys), gateways=told.gateways, failed=told.failed)

    def stored(self) -> Records:
        """What the Secret holds."""
        return _records(self._secret())

    def tell_again(self, record: KeyRecord) -> Told:
        """Have each gateway take a key that the Secret holds."""
        return self._tell(lambda gateway: gateway.add_key(record))

    def _secret(self) -> Manifest:
        try:
            return self.account.get(named(of_namespace(self.namespace, "secrets"), KEYS_SECRET))
        except ObjectNotFound as error:
            raise ClusterError(
                f"The Secret {KEYS_SECRET} is not there in namespace {self.namespace}. Make it: llmctl up"
            ) from error

    def _change(self, change: Callable[[Records], Records]) -> None:
        """Read, change, write if nobody else did meanwhile."""
        for attempt in range(TRIES):
            secret = self._secret()
            files = key_files(change(_records(secret)))
            body = {
                "metadata": {"resourceVersion": secret["metadata"]["resourceVersion"]},
                "data": {name: base64.b64encode(text.encode()).decode() for name, text in files.items()},
            }
            try:
                self.account.patch(named(of_namespace(self.namespace, "secrets"), KEYS_SECRET), body)
                return
            except ObjectConflict:
                if attempt == TRIES - 1:
                    raise

    def _tell(self, tell: Callable[[Administration], None]) -> Told:
        return self._each(lambda _, gateway: tell(gateway))

    def _each(self, visit: Callable[[str, Administration], None]) -> Told:
        """All gateways that run, ready or not: one that is on its way in may take requests in a moment.

        One on its way out, that lets nobody in any more, not even for its administration, needs not be told.
        """
        gateways = Gateways(self.account, self.namespace)
        done, failed = [], []
        for pod in gateways.running():
            try:
                with pod_administration(self.account, self.namespace, pod) as gateway:
                    visit(pod, gateway)
                done.append(pod)
            except (ClusterError, OSError) as error:
                failed.append((pod, str(error)))
        leaving = gateways.leaving() if failed else frozenset()
        return Told(gateways=tuple(done), failed=tuple(each for each in failed if each[0] not in leaving))


def _records(secret: Manifest) -> Records:
    files = {name: base64.b64decode(text).decode() for name, text in (secret.get("data") or {}).items()}
    try:
        return key_records(files)
    except GatewayError as error:
        raise ClusterError(f"Secret {KEYS_SECRET}: {error}. Correct it by hand, or take it away: llmctl up") from error


def ensure_operator_key(keys: Keys, file: Path, user: str) -> str:
    """The key of whoever runs llmctl, for `up`'s proof, chat and connect: the one in `file` while the stack takes it.

    Else a new one, in place of an earlier one of the same user, into the file (mode 0600).
    """
    if file.exists():
        value = file.read_text(encoding="utf-8").strip()
        held = next((record for record in keys.stored() if record.sha256 == digest(value)), None)
        if held is not None:
            keys.tell_again(held)
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
