"""Ids, ARNs and endpoints as AWS gives them, the same for the same URN in every run.

outputs.json has templates by type: `{region}`, `{account}` and `{partition}` of the place, `{hex17}` and other digits
that follow from the URN (`{hex17:word}`: others), any input by its name. How ids and ARNs look was read at
docs.aws.amazon.com/service-authorization/latest/reference (a page for each service: "Resource types defined by") and in
the examples of pulumi_aws's docstrings, 2026-11-24.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from llmctl.infra.aws.place import Place
from llmctl.infra.rehearsal.cloud.package import Resource
from llmctl.infra.rehearsal.cloud.request import Request
from llmctl.infra.rehearsal.cloud.store import now

FIELD = re.compile(r"\{([^{}]+)\}")
DIGITS = re.compile(r"(?P<case>hex|HEX)(?P<count>[0-9]+)")

OF_A_BUCKET = re.compile(r"aws:s3/bucket[A-Z].*")
"""What is set on a bucket has the bucket's name as its id."""


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(
        files(__package__).joinpath("outputs.json").read_text(encoding="utf-8")
    )
    return table


def outputs_of(
    resource: Resource, request: Request, generation: int, names: list[str], kept: Mapping[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """The id, and what AWS adds to the inputs. names: of the outputs that the type has."""
    template = _template(resource.type)
    words = _Words(resource, request, generation, template)
    found = {name: words.filled(value) for name, value in template.items() if name != "id"}
    id_ = words.value("id")
    inputs = {name: value for name, value in request.inputs.items() if not name.startswith("__")}
    region = {"region": request.region} if "region" in names else {}
    return id_, {**region, **found, **inputs, **(kept or {})}


def _template(type_: str) -> dict[str, Any]:
    if found := _table().get(type_):
        return found
    return {"id": "{bucket}"} if OF_A_BUCKET.fullmatch(type_) else {"id": "{hex17}"}


LINKED_ROLES: Mapping[str, str] = {"autoscaling": "AutoScaling"}
"""What a role that a service makes is named for, where that is not the service's name with a capital letter;
docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html."""


def _service(request: Request) -> str:
    service = str(request.inputs.get("awsServiceName", "")).split(".")[0]
    return LINKED_ROLES.get(service, service.title())


class _Words:
    """What stands for the fields of templates."""

    def __init__(self, resource: Resource, request: Request, generation: int, template: Mapping[str, Any]) -> None:
        self._urn, self._generation = resource.urn, generation
        self._request, self._template = request, template
        self._place = Place(account=request.account, region=request.region)

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.filled(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        return FIELD.sub(lambda found: self.value(found[1]), value) if isinstance(value, str) else value

    def value(self, field: str) -> str:
        name, _, more = field.partition(":")
        if digits := DIGITS.fullmatch(name):
            made = self._hex(more, int(digits["count"]))
            return made.upper() if digits["case"] == "HEX" else made
        if (special := self._special(name, more)) is not None:
            return special
        given = self._request.inputs.get(name)
        if given is None:
            return str(self.filled(self._template.get(name, "")))
        if more.startswith("as "):  # the ARN of what is in a load balancer or listener
            return re.sub(r":(loadbalancer|listener)/", f":{more.removeprefix('as ')}/", str(given))
        return re.sub(r"^https?://", "", str(given)) if more == "host" else str(given)

    def _special(self, name: str, more: str) -> str | None:
        request, place = self._request, self._place
        digest = self._hex(more, 32)
        fixed = {
            "account": place.account,
            "region": place.region,
            "partition": place.partition,
            "suffix": place.dns_suffix,
            "uuid": str(uuid.UUID(digest)),
            "number": str(int(digest[:8], 16)),
            "byte": str(int(digest[:2], 16)),
            "now": now().isoformat(timespec="seconds").replace("+00:00", "Z"),
            "certificate": base64.b64encode(f"-----BEGIN CERTIFICATE-----\n{digest}\n".encode()).decode(),
            "kind": "net" if request.inputs.get("loadBalancerType") == "network" else "app",
            "scheme": "internal-" if request.inputs.get("internal") else "",
            "elb host": f"{place.region}.elb.{place.dns_suffix}",
            "serviceLinkedRole": f"AWSServiceRoleFor{_service(request)}",
        }
        return fixed.get(name)

    def _hex(self, more: str, count: int) -> str:
        return hashlib.sha256(f"{self._urn} {self._generation} {more}".encode()).hexdigest()[:count]
