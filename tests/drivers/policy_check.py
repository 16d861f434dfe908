"""What no policy of a stack may say, whoever it is for. Findings are sentences; an empty list is a good policy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from llmctl.infra.aws.policies.unscoped import UNSCOPED


class Kind(StrEnum):
    IDENTITY = "identity"
    KEY = "key"
    BUCKET = "bucket"
    TRUST = "trust"


TELLS_WHICH = re.compile(
    r"^(aws|ec2|autoscaling):(ResourceTag|RequestTag)/|^aws:TagKeys$|^ec2:Vpc$|^ssm:SourceInstanceARN$"
)
"""Condition keys that make one of many: with one of them the id may be open."""

OURS = re.compile(r"[/:]llmctl-[a-z0-9-]+[/:]|^arn:[a-z-]+:s3:::llmctl-")
"""A name of the stack's own before the first `*`."""

OTHERS: Mapping[str, str] = {
    "repository/*": "AWS's own registry of add-on images, in its account; AWS lets everybody pull them",
    "change/*": "Route 53 makes up the id of a change, and asking for one tells only whether it is done",
}


def findings(policy: Mapping[str, Any], kind: Kind) -> list[str]:
    assert policy["Version"] == "2012-10-17"
    found = [f"{s['Sid']}: {finding}" for s in policy["Statement"] for finding in _of_statement(s, kind)]
    sids = [s["Sid"] for s in policy["Statement"]]
    return found + [f"{sid} stands twice" for sid in set(sids) if sids.count(sid) > 1]


def _of_statement(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    if turned := [key for key in statement if key.startswith("Not")]:
        yield f"{turned} allows what nobody listed"
    if statement["Effect"] == "Allow":
        yield from (f"action {action} has a *" for action in statement["Action"] if "*" in action)
        yield from _of_principal(statement, kind)
    if kind is Kind.TRUST:
        yield from _of_trust(statement)
    elif kind is not Kind.KEY:
        yield from _of_resources(statement, kind)


def _of_principal(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    principal = statement.get("Principal")
    if (principal is None) is not (kind is Kind.IDENTITY):
        yield f"principal {principal} in a policy of kind {kind}"
    if principal is None:
        return
    if not isinstance(principal, Mapping):
        yield f"principal {principal} is everybody"
        return
    for each in principal.values():
        yield from (f"principal {who} has a *" for who in ([each] if isinstance(each, str) else each) if "*" in who)


def _of_trust(statement: Mapping[str, Any]) -> Iterator[str]:
    tests: Mapping[str, Any] = statement.get("Condition", {})
    equal = {**tests.get("StringEquals", {}), **tests.get("ArnEquals", {})}
    if "Federated" in statement["Principal"]:
        host = statement["Principal"]["Federated"].partition("oidc-provider/")[2]
        if {f"{host}:aud", f"{host}:sub"} - set(equal):
            yield "a token is taken without its exact aud and sub"
    if statement["Principal"].get("Service") == "pods.eks.amazonaws.com" and POD - set(equal):
        yield "pods of every cluster or of every service account"
    if any("*" in value for value in equal.values() if isinstance(value, str)):
        yield "an exact condition has a *"


POD = {
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:RequestTag/kubernetes-namespace",
    "aws:RequestTag/kubernetes-service-account",
}


def _of_resources(statement: Mapping[str, Any], kind: Kind) -> Iterator[str]:
    tests = {key for operator in statement.get("Condition", {}).values() for key in operator}
    for resource in statement["Resource"]:
        if resource == "*":
            yield from (f"{action} could name a resource" for action in statement["Action"] if action not in UNSCOPED)
            continue
        for action in statement["Action"]:
            if action in UNSCOPED:
                yield f"{action} can name no resource, so {resource} allows nothing"
        yield from _of_arn(resource, tests)
        if kind is Kind.BUCKET and not resource.startswith("arn:aws:s3:::"):
            yield f"{resource} is no bucket"


def _of_arn(resource: str, tests: set[str]) -> Iterator[str]:
    parts = resource.split(":", 5)
    if len(parts) != 6 or "*" in "".join(parts[:5]):
        yield f"{resource} leaves partition, service, region or account open"
    elif "*" in parts[5]:
        named = OURS.search(resource.partition("*")[0])
        if not named and parts[5] not in OTHERS and not any(TELLS_WHICH.match(test) for test in tests):
            yield f"{resource} has a * below no name of the stack, and no condition tells which"
