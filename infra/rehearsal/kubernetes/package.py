"""Kubernetes as a package of the double of a cloud: the same checks, names, differences and replacements as the double
on an API server, objects in the store of the rehearsal, and everything ready at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from llmctl.infra.kubernetes.object import PLUGIN_VERSION
from llmctl.infra.rehearsal.cloud.errors import Rejected
from llmctl.infra.rehearsal.cloud.faults import Fault, Kind
from llmctl.infra.rehearsal.cloud.package import Home, Made, Naming, Problem, Resource
from llmctl.infra.rehearsal.cloud.request import Existing, Operation, Refusal, Request, Rule, World
from llmctl.infra.rehearsal.cloud.store import now
from llmctl.infra.rehearsal.difference import Path
from llmctl.infra.rehearsal.kubernetes import inputs, quantity, replacements, secrets, unreachable
from llmctl.infra.rehearsal.kubernetes.annotations import AUTONAMED, is_set
from llmctl.infra.rehearsal.kubernetes.errors import DoubleError
from llmctl.infra.rehearsal.kubernetes.type_tokens import CLUSTER_SCOPED, api_of_urn
from llmctl.infra.rehearsal.properties import UNKNOWN

ATTEMPTS = 1
"""The plugin repeats nothing that the API server has refused for being asked too often; its client waits by itself."""


@dataclass(frozen=True)
class Kubernetes:
    name: str = "kubernetes"
    version: str = PLUGIN_VERSION
    rules: Sequence[Rule] = ()

    def config_problems(self, settings: dict[str, Any]) -> list[Problem]:  # noqa: ARG002
        return []

    def home(self, settings: dict[str, Any]) -> Home:
        return Home(account="", region=str(settings.get("context") or ""), settings=settings)

    def knows(self, type_: str) -> bool:
        package, *rest = type_.split(":")
        return package == self.name and len(rest) == 2 and "/" in rest[0]

    def checked(
        self, resource: Resource, news: dict[str, Any], olds: dict[str, Any], home: Home, naming: Naming
    ) -> tuple[dict[str, Any], list[Problem]]:
        try:
            manifest = inputs.checked(news, olds, resource.name, naming.seed, naming.proposed)
        except DoubleError as error:
            raise Rejected(str(error)) from error
        _, kind = api_of_urn(resource.urn)
        if kind not in CLUSTER_SCOPED:
            manifest = inputs.in_namespace(manifest, str(home.settings.get("namespace") or "default"))
        return manifest, []

    def replacing(self, type_: str, news: dict[str, Any]) -> Sequence[str]:  # noqa: ARG002
        return replacements.replacing(news, config_map_mutable=True, secret_mutable=True)

    def deleted_first(self, type_: str, olds: dict[str, Any], news: dict[str, Any]) -> bool:  # noqa: ARG002
        was, wanted = inputs.metadata_of(olds), inputs.metadata_of(news)
        same = (was.get("name"), was.get("namespace")) == (wanted.get("name"), wanted.get("namespace"))
        return same and wanted.get("name") != UNKNOWN and not is_set(news, AUTONAMED)

    def same(self, path: Path, one: Any, other: Any) -> bool:
        return quantity.same_value(path, one, other)

    def with_secrets(self, values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        return secrets.hidden(values, given)

    def previewed(self, type_: str, before: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        return {**before, **news}

    def region_of(self, inputs: dict[str, Any], home: Home) -> str:  # noqa: ARG002
        return home.region

    def validate(self, request: Request) -> None:
        """The API server's own checks are another double's: rehearsal/kubernetes/plugin.py on a real one."""

    def made(self, resource: Resource, request: Request, generation: int, world: World) -> Made:  # noqa: ARG002
        manifest = dict(request.inputs)
        uid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource.urn} {generation}"))
        written = {"uid": uid, "generation": 1, "creationTimestamp": now().isoformat(timespec="seconds")}
        live = {**manifest, "metadata": {**inputs.metadata_of(manifest), **written}}
        return Made(id=inputs.object_id(live), outputs=live)

    def changed(self, resource: Resource, request: Request, before: Existing) -> dict[str, Any]:  # noqa: ARG002
        was = inputs.metadata_of(before.outputs)
        kept = {name: was[name] for name in ("uid", "creationTimestamp") if name in was}
        generation = {"generation": int(was.get("generation", 1)) + 1}
        return {**request.inputs, "metadata": {**inputs.metadata_of(request.inputs), **kept, **generation}}

    def refused(self, resource: Resource, request: Request, refusal: Refusal) -> str:  # noqa: ARG002
        return f'resource "{resource.urn}" was refused by the Kubernetes API server: {refusal.message}'

    def failure(self, fault: Fault, resource: Resource, request: Request) -> str:
        if fault.kind is Kind.UNREACHABLE and request.operation is Operation.DELETE:
            return unreachable.NOT_DELETED
        if fault.kind in (Kind.UNREACHABLE, Kind.ANSWER_LOST):
            return unreachable.cluster("the API server does not answer")
        if fault.kind in (Kind.TIMES_OUT, Kind.NO_CAPACITY):
            return f'the Kubernetes API server reported that "{resource.name}" failed to become live: timed out'
        return f'resource "{resource.urn}" was refused by the Kubernetes API server: {fault.kind}'

    def lets_go(self, fault: Fault, home: Home) -> bool:
        return fault.kind is Kind.UNREACHABLE and home.settings.get("deleteUnreachable") in (True, "true")

    def zones_of(self, request: Request, world: World) -> Iterable[str]:  # noqa: ARG002
        return ()

    def retries(self) -> int:
        return ATTEMPTS

    def usually(self, request: Request) -> float:  # noqa: ARG002
        return 0.0

    def call(self, token: str, arguments: dict[str, Any], home: Home, world: World) -> dict[str, Any]:  # noqa: ARG002
        raise Rejected(f"the double of pulumi-kubernetes has no functions, and was asked for {token}")
