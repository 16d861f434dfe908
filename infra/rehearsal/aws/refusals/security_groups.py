"""What EC2 refuses of security groups and their rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, listed, number
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.cloud.request import Request, World

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
SIDES = {INGRESS: "ingress", EGRESS: "egress"}

API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
ERRORS = f"{API}/errors-overview.html"
QUOTAS = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"

MOST_RULES = 60
"""Of a side, inbound or outbound, until AWS raises the quota; one network or group is one rule."""

CHARACTERS = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
ONE_RULE = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId", "ipProtocol", "fromPort", "toPort")
SOURCES = ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups")


@refuses(SECURITY_GROUP, code="InvalidParameterValue", documentation=f"{API}/API_CreateSecurityGroup.html")
def group_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "unnamed"))
    if CHARACTERS.fullmatch(name) and not name.startswith("sg-"):
        return None
    return f"Invalid value '{name}' for GroupName: up to 255 ASCII letters, digits and signs, not beginning with sg-."


@refuses(
    SECURITY_GROUP,
    INGRESS,
    EGRESS,
    code="InvalidParameterValue",
    documentation=f"{API}/API_CreateSecurityGroup.html",
    on=WRITE,
)
def group_description(request: Request, _: World) -> str | None:
    texts = [request.inputs.get("description"), *(one.get("description") for one in _inline(request.inputs))]
    wrong = next((text for text in texts if text and not CHARACTERS.fullmatch(str(text))), None)
    if wrong is None:
        return None
    return f"Invalid description {wrong!r}: strings less than 256 characters of a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*."


@refuses(SECURITY_GROUP, code="InvalidGroup.Duplicate", documentation=ERRORS)
def group_exists(request: Request, world: World) -> str | None:
    name, vpc = request.inputs.get("name"), request.inputs.get("vpcId")
    for group in in_region(request, world, SECURITY_GROUP):
        if name and (group.outputs.get("name"), group.outputs.get("vpcId")) == (name, vpc):
            return f"The security group '{name}' already exists for VPC '{vpc}'."
    return None


@refuses(SECURITY_GROUP, code="RulesPerSecurityGroupLimitExceeded", documentation=QUOTAS, on=WRITE)
def rules_inside_group(request: Request, _: World) -> str | None:
    for side in SIDES.values():
        count = sum(_sources(one) for one in listed(request.inputs, side) if isinstance(one, Mapping))
        if count > MOST_RULES:
            return f"The maximum number of rules per security group has been reached: {count} of {MOST_RULES} ({side})."
    return None


@refuses(INGRESS, EGRESS, code="RulesPerSecurityGroupLimitExceeded", documentation=QUOTAS)
def rules_beside_group(request: Request, world: World) -> str | None:
    group = request.inputs.get("securityGroupId")
    there = [one for one in in_region(request, world, request.type) if one.outputs.get("securityGroupId") == group]
    if len(there) < MOST_RULES:
        return None
    return f"The maximum number of rules per security group has been reached: {MOST_RULES} of {group}."


@refuses(INGRESS, EGRESS, code="InvalidPermission.Duplicate", documentation=ERRORS)
def rule_twice(request: Request, world: World) -> str | None:
    for rule in in_region(request, world, request.type):
        same = all(rule.outputs.get(key) == request.inputs.get(key) for key in ("securityGroupId", *ONE_RULE))
        if same:
            source = next((request.inputs[key] for key in ONE_RULE if request.inputs.get(key)), "")
            return f"The specified rule (peer: {source}) already exists ({rule.id})."
    return None


@refuses(SECURITY_GROUP, INGRESS, EGRESS, code="InvalidParameterValue", documentation=ERRORS, on=WRITE)
def ports_reversed(request: Request, _: World) -> str | None:
    for rule in (request.inputs, *_inline(request.inputs)):
        start, end = number(rule, "fromPort"), number(rule, "toPort")
        protocol = rule.get("ipProtocol", rule.get("protocol"))
        if protocol in ("tcp", "udp") and start is not None and end is not None and not 0 <= start <= end <= 65_535:
            return f"Invalid {protocol.upper()} port range ({start:.0f}:{end:.0f})."
    return None


def _inline(inputs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for side in SIDES.values():
        yield from (one for one in listed(inputs, side) if isinstance(one, Mapping))


def _sources(rule: Mapping[str, Any]) -> int:
    return sum(len(listed(rule, key)) for key in SOURCES) + bool(rule.get("self"))


RULES = (
    group_name,
    group_description,
    group_exists,
    rules_inside_group,
    rules_beside_group,
    rule_twice,
    ports_reversed,
)
