"""AWS as a package of the double."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from llmctl.infra.rehearsal import properties
from llmctl.infra.rehearsal.aws import (
    beside,
    client,
    failures,
    functions,
    inputs,
    latencies,
    outputs,
    replacements,
    sdk,
)
from llmctl.infra.rehearsal.cloud.errors import Rejected
from llmctl.infra.rehearsal.cloud.faults import Fault
from llmctl.infra.rehearsal.cloud.package import Home, Made, Naming, Problem, Resource
from llmctl.infra.rehearsal.cloud.request import Existing, Refusal, Request, Rule, World
from llmctl.infra.rehearsal.difference import Path

MAX_RETRIES = 25
"""Of the provider where its maxRetries is not set: pulumi.com/registry/packages/aws/api-docs/provider."""


NOBODYS = "000000000000"


@dataclass(frozen=True, kw_only=True)
class Aws:
    account: str | None = None
    """Of the credentials that the rehearsal pretends to have. None: of whatever account the provider asks for."""

    rules: Sequence[Rule] = ()
    name: str = "aws"
    version: str = sdk.sdk_version()

    def config_problems(self, settings: dict[str, Any]) -> list[Problem]:
        known = {name: value for name, value in settings.items() if name != "version"}
        scalars = {name: value for name, value in known.items() if isinstance(value, dict | list)}
        schema = sdk.provider_schema()
        unknown = [name for name in known if name not in schema["inputs"]]
        return [
            *(Problem(name, f"pulumi-aws has no setting {name}") for name in unknown),
            *inputs.problems({name: value for name, value in scalars.items() if name not in unknown}, schema),
        ]

    def home(self, settings: dict[str, Any]) -> Home:
        allowed = settings.get("allowedAccountIds") or []
        account = self.account or (allowed[0] if allowed else NOBODYS)
        if allowed and account not in allowed:
            raise Rejected(f"AWS account ID not allowed: {account}")
        if not settings.get("region"):
            raise Rejected("Missing region configuration: the provider needs a region")
        return Home(account=account, region=settings["region"], settings=settings)

    def knows(self, type_: str) -> bool:
        return sdk.knows(type_)

    def checked(
        self, resource: Resource, news: dict[str, Any], olds: dict[str, Any], home: Home, naming: Naming
    ) -> tuple[dict[str, Any], list[Problem]]:
        schema = sdk.schema_of(resource.type)
        found = inputs.problems(news, schema)
        named = inputs.named(resource.type, resource.name, news, olds, schema, naming)
        tags = (home.settings.get("defaultTags") or {}).get("tags") or {}
        return inputs.tagged(named, tags, schema), found

    def replacing(self, type_: str, news: dict[str, Any]) -> Sequence[str]:
        return replacements.replacing(type_, news)

    def deleted_first(self, type_: str, olds: dict[str, Any], news: dict[str, Any]) -> bool:
        name = inputs.name_property(type_, sdk.schema_of(type_))
        return replacements.keeps_its_name(name, olds, news)

    def same(self, path: Path, one: Any, other: Any) -> bool:  # noqa: ARG002
        """Policies are compared as what they say: terraform-provider-aws, internal/verify/diff.go."""
        return bool(one == other) or (isinstance(one, str) and isinstance(other, str) and _same_json(one, other))

    def with_secrets(self, values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        return properties.with_secrets(values, given)

    def previewed(self, type_: str, before: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        return {**before, **news, **beside.within(type_, before, news)}

    def region_of(self, inputs: dict[str, Any], home: Home) -> str:
        return str(inputs.get("region") or home.region)

    def validate(self, request: Request) -> None:
        client.validate(request)

    def made(self, resource: Resource, request: Request, generation: int, world: World) -> Made:
        names = sdk.schema_of(resource.type)["outputs"]
        id_, found = outputs.outputs_of(resource, request, generation, names)
        return beside.with_what_comes(resource, request, Made(id=id_, outputs=found), world)

    def changed(self, resource: Resource, request: Request, before: Existing) -> dict[str, Any]:  # noqa: ARG002
        gone = before.inputs.keys() - request.inputs.keys()
        kept = {name: value for name, value in before.outputs.items() if name not in gone}
        news = {name: value for name, value in request.inputs.items() if not name.startswith("__")}
        within = beside.within(request.type, before.outputs, news)
        return {**kept, **news, **within, **beside.counted(request, before)}

    def refused(self, resource: Resource, request: Request, refusal: Refusal) -> str:
        return failures.said(resource, request, refusal)

    def failure(self, fault: Fault, resource: Resource, request: Request) -> str:
        return failures.failure(fault, resource, request, MAX_RETRIES)

    def lets_go(self, fault: Fault, home: Home) -> bool:  # noqa: ARG002
        return False

    def zones_of(self, request: Request, world: World) -> Iterable[str]:
        return beside.zones_of(request, world)

    def retries(self) -> int:
        return MAX_RETRIES

    def usually(self, request: Request) -> float:
        return latencies.usual_seconds(request)

    def call(self, token: str, arguments: dict[str, Any], home: Home, world: World) -> dict[str, Any]:
        return functions.call(token, arguments, home, world)


def _same_json(one: str, other: str) -> bool:
    if one[:1] != "{" or other[:1] != "{":
        return False
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False
