"""Create, read, update and delete objects, as plain Python. Nothing here knows gRPC."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from llmctl.infra.rehearsal.difference import pruned
from llmctl.infra.rehearsal.kubernetes.annotations import (
    FIELD_MANAGER,
    PATCH_FORCE,
    SKIP_AWAIT,
    annotation,
    is_set,
    propagation,
)
from llmctl.infra.rehearsal.kubernetes.api import Api, Manifest
from llmctl.infra.rehearsal.kubernetes.checkpoint import Checkpoint
from llmctl.infra.rehearsal.kubernetes.configuration import Settings
from llmctl.infra.rehearsal.kubernetes.errors import ApiFault, DoubleError, NoSuchKind, NotReady
from llmctl.infra.rehearsal.kubernetes.inputs import READ_ONLY
from llmctl.infra.rehearsal.kubernetes.waiting import Patience, as_it_is, until_gone, until_ready

CLIENT_SIDE_MANAGER = "pulumi-kubernetes"
NOT_WAITED_FOR = (
    "DaemonSet",
    "Deployment",
    "Job",
    "Namespace",
    "Pod",
    "ReplicationController",
    "StatefulSet",
)
"""Where pulumi.com/skipAwait means the deletion too."""

RETRIES = 5
"""Of a create whose namespace or kind is not there yet: after 1, 2, 4, 8 and 16 s."""

ALREADY_EXISTS = (
    "The resource already exists in the cluster. Rename it, import it, or set upsertExistingObjects on the provider to "
    "take it over."
)


@dataclass(frozen=True)
class Objects:
    api: Api
    settings: Settings

    def create(self, inputs: Manifest, manager: str, patience: Patience) -> Manifest:
        """The object once it is ready. Raises NotReady where it is there and not ready, else it is not there."""
        for attempt in range(RETRIES + 1):
            try:
                applied = self._made(inputs, manager, dry_run=False)
                break
            except (ApiFault, NoSuchKind) as error:
                if not _may_come(error) or attempt == RETRIES or patience.cancelled():
                    raise
                patience.tell("info", f"Retry #{attempt}; creation failed: {error}")
                time.sleep(2.0**attempt)
        patience.tell("info", "")
        return until_ready(self.api, applied, None, patience)

    def preview_create(self, inputs: Manifest, manager: str) -> Manifest | None:
        """What the API server would make of it; None where it cannot say."""
        try:
            made = self._made(inputs, manager, dry_run=True)
        except ApiFault as fault:
            # An object that is replaced is still there, and the namespace may not be yet.
            if fault.reason in ("AlreadyExists", "Forbidden") or fault.kind == "namespaces":
                return None
            if fault.reason == "Invalid" and "field is immutable" in str(fault):
                return None
            raise
        return {key: value for key, value in made.items() if key != "status"}

    def _made(self, inputs: Manifest, manager: str, *, dry_run: bool) -> Manifest:
        if self.settings.upsert and self.settings.server_side_apply:
            return self._applied(inputs, manager, force=dry_run or self._forces(inputs), dry_run=dry_run)
        try:
            return self.api.create(inputs, CLIENT_SIDE_MANAGER, dry_run=dry_run)
        except ApiFault as fault:
            if fault.reason == "AlreadyExists" and not dry_run:
                raise DoubleError(f"{fault}\n\n{ALREADY_EXISTS}") from fault
            raise

    def update(
        self, old: Checkpoint, inputs: Manifest, manager: str, ignored: list[str], patience: Patience
    ) -> Manifest:
        """Raises NotReady where it was applied and is not ready."""
        before = self.api.get(old.live)
        applied = self._updated(before, inputs, manager, ignored, dry_run=False)
        return until_ready(self.api, applied, before, patience)

    def preview_update(self, old: Checkpoint, inputs: Manifest, manager: str, ignored: list[str]) -> Manifest | None:
        try:
            return self._updated(self.api.get(old.live), inputs, manager, ignored, dry_run=True)
        except ApiFault as fault:
            if fault.reason == "Forbidden":
                return None
            raise

    def _updated(
        self, before: Manifest, inputs: Manifest, manager: str, ignored: list[str], *, dry_run: bool
    ) -> Manifest:
        if inputs["kind"] == "CustomResourceDefinition":
            version = {"resourceVersion": before["metadata"]["resourceVersion"]}
            whole = {**inputs, "metadata": {**inputs["metadata"], **version}}
            return self.api.replace(whole, manager, dry_run=dry_run)
        kept = _with_ignored(inputs, before, manager, ignored)
        force = self._forces(inputs) or _was_made_by_post(before)
        return self._applied(kept, manager, force=force, dry_run=dry_run)

    def _applied(self, inputs: Manifest, manager: str, *, force: bool, dry_run: bool) -> Manifest:
        try:
            return self.api.apply(inputs, manager, force=force, dry_run=dry_run)
        except ApiFault as fault:
            if fault.reason != "Conflict":
                raise
            raise DoubleError(
                "server-side apply field conflict detected; set the annotation pulumi.com/patchForce on the object to "
                "take the fields over\n"
                f'The resource managed by field manager "{manager}" had an apply conflict: {fault}'
            ) from fault

    def _forces(self, inputs: Manifest) -> bool:
        return self.settings.patch_force or is_set(inputs, PATCH_FORCE)

    def read(self, about: Manifest) -> Manifest | None:
        """The live object, None where it is gone. Raises NotReady where it is there and not ready."""
        try:
            live = self.api.get(about)
        except NoSuchKind:
            return None
        except ApiFault as fault:
            if fault.code == 404:
                return None
            raise
        judgement = as_it_is(self.api, live)
        if not judgement.ready:
            said = f"Resource '{live['metadata']['name']}' was created but failed to initialize"
            raise NotReady(said, live, judgement.problems)
        return live

    def delete(self, old: Checkpoint, patience: Patience) -> None:
        """Returns when it is gone; gone before is as good. Raises NotReady where it is still there."""
        try:
            self.api.delete(old.live, propagation(old.inputs))
        except NoSuchKind:
            return
        except ApiFault as fault:
            if fault.code == 404:
                return
            raise
        if not (is_set(old.inputs, SKIP_AWAIT) and old.live["kind"] in NOT_WAITED_FOR):
            until_gone(self.api, old.live, patience)


def live_inputs(live: Manifest, inputs: Manifest) -> Manifest:
    """The inputs as the cluster has them now; for an object that is imported, all that a program could say."""
    if inputs:
        return pruned(live, inputs)  # type: ignore[no-any-return]
    metadata = {key: value for key, value in live["metadata"].items() if key not in READ_ONLY}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}


def manager_of(inputs: Manifest, old: str = "") -> str:
    """The field manager: of the annotation, else the one in the state, else a new name."""
    return annotation(inputs, FIELD_MANAGER) or old or f"{CLIENT_SIDE_MANAGER}-{secrets.token_hex(4)}"


def _may_come(error: DoubleError) -> bool:
    return isinstance(error, NoSuchKind) or (isinstance(error, ApiFault) and error.code == 404)


def _was_made_by_post(live: Manifest) -> bool:
    """Then all fields belong to a manager that nobody uses for an update."""
    managers = live["metadata"].get("managedFields") or ()
    ours = (CLIENT_SIDE_MANAGER, "kubectl", "before-first-apply")
    return not managers or any(each["operation"] == "Update" and each["manager"] in ours for each in managers)


def _with_ignored(inputs: Manifest, before: Manifest, manager: str, ignored: list[str]) -> Manifest:
    """For ignoreChanges: the value that the cluster has, or none at all where only others own the field."""
    for path in ignored:
        steps = path.split(".")
        fields = "".join(f".f:{step}" for step in steps)
        owners = {each["manager"] for each in before["metadata"].get("managedFields") or () if _owns(each, steps)}
        value = _at(before, steps)
        if owners and manager not in owners:
            inputs = _without(inputs, steps)
        elif fields and value is not None:
            inputs = _with(inputs, steps, value)
    return inputs


def _owns(managed: Manifest, steps: list[str]) -> bool:
    fields = managed.get("fieldsV1") or {}
    for step in steps:
        if f"f:{step}" not in fields:
            return False
        fields = fields[f"f:{step}"]
    return True


def _at(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _without(value: Manifest, steps: list[str]) -> Manifest:
    first, *rest = steps
    if first not in value:
        return value
    if not rest:
        return {key: each for key, each in value.items() if key != first}
    return {**value, first: _without(value[first], rest)}


def _with(value: Manifest, steps: list[str], inner: Any) -> Manifest:
    first, *rest = steps
    return {**value, first: _with(value.get(first) or {}, rest, inner) if rest else inner}
