"""What Elastic Load Balancing refuses of a balancer, its listeners and its target groups."""

from __future__ import annotations

import re
from collections.abc import Mapping

from llmctl.infra.rehearsal.aws.refusals.buckets import POLICY as BUCKET_POLICY
from llmctl.infra.rehearsal.aws.refusals.buckets import encrypted_by_kms
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, is_named, listed, mapped, number, referred
from llmctl.infra.rehearsal.aws.refusals.network import SUBNET, has_internet_gateway, zone_of
from llmctl.infra.rehearsal.aws.refusals.policy import allows as allows_action
from llmctl.infra.rehearsal.aws.refusals.policy import principals, read, statements
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"

API = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application"
CREATE = f"{API}/API_CreateLoadBalancer.html"
CREATE_GROUP = f"{API}/API_CreateTargetGroup.html"

NAME = re.compile(r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
GROUP_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?")
SECONDS = {"idleTimeout": (1, 4_000), "clientKeepAlive": (60, 604_800)}
HEALTH = {"interval": (5, 300), "timeout": (2, 120), "healthyThreshold": (2, 10), "unhealthyThreshold": (2, 10)}
LOG_WRITERS = {
    "application": "logdelivery.elasticloadbalancing.amazonaws.com",
    "network": "delivery.logs.amazonaws.com",
}


@refuses(BALANCER, code="ValidationError", documentation=CREATE)
def balancer_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "unnamed"))
    if NAME.fullmatch(name):
        return None
    return f"The load balancer name '{name}' is not 1 to 32 letters, digits and inner hyphens without internal- first."


@refuses(BALANCER, code="DuplicateLoadBalancerName", documentation=CREATE)
def balancer_exists(request: Request, world: World) -> str | None:
    name = request.inputs.get("name")
    taken = any(name and one.outputs.get("name") == name for one in in_region(request, world, BALANCER))
    return f"A load balancer with the name '{name}' exists, but with different settings." if taken else None


@refuses(BALANCER, code="ValidationError", documentation=CREATE, on=WRITE)
def balancer_in_one_zone(request: Request, world: World) -> str | None:
    zones = _zones(request, world)
    if kind(request.inputs) != "application" or None in zones or len(set(zones)) > 1:
        return None
    return "At least two subnets in two different Availability Zones must be specified."


@refuses(BALANCER, code="InvalidConfigurationRequest", documentation=CREATE, on=WRITE)
def balancer_twice_in_zone(request: Request, world: World) -> str | None:
    zones = _zones(request, world)
    twice = sorted({zone for zone in zones if zone and zones.count(zone) > 1})
    if not twice:
        return None
    return f"A load balancer cannot be attached to multiple subnets in the same Availability Zone ({twice[0]})."


@refuses(BALANCER, code="InvalidSubnet", documentation=f"{GUIDE}/load-balancer-troubleshooting.html")
def public_balancer_without_gateway(request: Request, world: World) -> str | None:
    subnets = [referred(request, world, SUBNET, one) for one in listed(request.inputs, "subnets")]
    for vpc in {subnet.outputs.get("vpcId") for subnet in subnets if subnet}:
        if not request.inputs.get("internal") and not has_internet_gateway(request, world, vpc):
            return f"VPC {vpc} has no internet gateway."
    return None


@refuses(
    BALANCER,
    code="InvalidConfigurationRequest",
    documentation=f"{API}/API_LoadBalancerAttribute.html",
    on=WRITE,
)
def balancer_seconds(request: Request, _: World) -> str | None:
    for key, (least, most) in SECONDS.items():
        value = number(request.inputs, key)
        if value is not None and not least <= value <= most:
            return f"{key} is {value:.0f}; {least} to {most} seconds are allowed."
    return None


@refuses(BALANCER, code="InvalidConfigurationRequest", documentation=f"{GUIDE}/enable-access-logging.html", on=WRITE)
def balancer_may_not_write_logs(request: Request, world: World) -> str | None:
    """Before the bucket has its policy too: a balancer is made after it."""
    bucket = _log_bucket(request)
    policies = [one for one in in_region(request, world, BUCKET_POLICY) if one.outputs.get("bucket") == bucket]
    writer = LOG_WRITERS[kind(request.inputs)]
    if bucket is None or any(_lets_write(one, writer, request.account) for one in policies):
        return None
    return f"Access Denied for bucket: {bucket}. Please check S3bucket permission (s3:PutObject for {writer})."


@refuses(BALANCER, code="InvalidConfigurationRequest", documentation=f"{GUIDE}/enable-access-logging.html", on=WRITE)
def balancer_logs_with_kms_key(request: Request, world: World) -> str | None:
    bucket = _log_bucket(request)
    if bucket is None or kind(request.inputs) != "application" or not encrypted_by_kms(request, world, bucket):
        return None
    return f"Access Denied for bucket: {bucket}. Its default encryption is a KMS key; only SSE-S3 is supported."


@refuses(TARGET_GROUP, code="ValidationError", documentation=CREATE_GROUP)
def target_group_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "unnamed"))
    if GROUP_NAME.fullmatch(name):
        return None
    return f"Target group name '{name}' is not 1 to 32 letters, digits and inner hyphens."


@refuses(TARGET_GROUP, code="DuplicateTargetGroupName", documentation=CREATE_GROUP)
def target_group_exists(request: Request, world: World) -> str | None:
    name = request.inputs.get("name")
    taken = any(name and one.outputs.get("name") == name for one in in_region(request, world, TARGET_GROUP))
    return f"A target group with the same name '{name}' exists, but with different settings." if taken else None


@refuses(TARGET_GROUP, code="ValidationError", documentation=CREATE_GROUP, on=WRITE)
def health_check_range(request: Request, _: World) -> str | None:
    check = mapped(request.inputs, "healthCheck")
    for key, (least, most) in HEALTH.items():
        value = number(check, key)
        if value is not None and not least <= value <= most:
            return f"Health check {key} is {value:.0f}; {least} to {most} are allowed."
    interval, timeout = number(check, "interval"), number(check, "timeout")
    if interval and timeout and timeout > interval:
        return f"Health check timeout '{timeout:.0f}' must be smaller than or equal to the interval '{interval:.0f}'."
    return None


def kind(inputs: Mapping[str, object]) -> str:
    return str(inputs.get("loadBalancerType") or "application")


def balancer_of(request: Request, world: World, arn: object) -> Existing | None:
    return next((one for one in in_region(request, world, BALANCER) if is_named(one, arn)), None)


def _zones(request: Request, world: World) -> list[str | None]:
    mappings = [one.get("subnetId") for one in listed(request.inputs, "subnetMappings") if isinstance(one, Mapping)]
    return [zone_of(request, world, one) for one in [*listed(request.inputs, "subnets"), *mappings]]


def _log_bucket(request: Request) -> object:
    logs = mapped(request.inputs, "accessLogs")
    return logs.get("bucket") if logs.get("enabled") and kind(request.inputs) in LOG_WRITERS else None


def _lets_write(policy: Existing, writer: str, account: str) -> bool:
    """The service, or another account: older regions have one of Elastic Load Balancing's own."""
    for statement in statements(read(policy.outputs.get("policy")) or {}):
        others = [one for one in principals(statement, "AWS") if account not in one and one.endswith(":root")]
        writers = [*principals(statement, "Service"), *others]
        if (
            statement.get("Effect") == "Allow"
            and allows_action(statement, "s3:PutObject")
            and (writer in writers or others)
        ):
            return True
    return False


RULES = (
    balancer_name,
    balancer_exists,
    balancer_in_one_zone,
    balancer_twice_in_zone,
    public_balancer_without_gateway,
    balancer_seconds,
    balancer_may_not_write_logs,
    balancer_logs_with_kms_key,
    target_group_name,
    target_group_exists,
    health_check_range,
)
