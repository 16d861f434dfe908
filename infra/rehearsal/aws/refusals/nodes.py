"""Why a node would not start or not join: what EKS shows as an issue of the node group's health."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from llmctl.infra.aws.place import Place
from llmctl.infra.rehearsal.aws.refusals.cluster import GUIDE, NODE_GROUP
from llmctl.infra.rehearsal.aws.refusals.keys import KEY
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_account, in_region, listed, mapped, number, referred
from llmctl.infra.rehearsal.aws.refusals.network import SUBNET
from llmctl.infra.rehearsal.aws.refusals.node_pools import machines, template_of
from llmctl.infra.rehearsal.aws.refusals.policy import admits, read
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.aws.refusals.ways_out import endpoint_services, reaches_internet
from llmctl.infra.rehearsal.aws.region_data import vcpus_of_machines
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

QUOTA = "aws:servicequotas/serviceQuota:ServiceQuota"
SCALING_ATTACHMENT = "aws:autoscaling/attachment:Attachment"
TRAFFIC_SOURCE = "aws:autoscaling/trafficSourceAttachment:TrafficSourceAttachment"

INSTANCE_QUOTAS = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-quotas.html"
AUTOSCALING_ROLE = "aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
KEY_ACTIONS = ("kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext")
NEEDED_SERVICES = ("ec2", "ecr.api", "ecr.dkr", "s3")
"""Without which no node joins from a subnet without internet."""

QUOTA_CODES = {
    ("g", "ON_DEMAND"): "L-DB2E81BA",
    ("p", "ON_DEMAND"): "L-417A185B",
    ("standard", "ON_DEMAND"): "L-1216C47A",
    ("g", "SPOT"): "L-3819A6DF",
    ("p", "SPOT"): "L-7212CCBC",
    ("standard", "SPOT"): "L-34B43A08",
}
"""Of vCPUs, by kind of machine."""

STANDARD = "acdhimrtz"
"""Beginnings of the families that share the standard quota."""


@refuses(NODE_GROUP, code="NodeCreationFailure", documentation=f"{GUIDE}/private-clusters.html", on=WRITE)
def node_that_cannot_join(request: Request, world: World) -> str | None:
    if not _starts_nodes(request.inputs):
        return None
    for id_ in listed(request.inputs, "subnetIds"):
        subnet = referred(request, world, SUBNET, id_)
        if subnet is None or reaches_internet(request, world, subnet):
            continue
        there = endpoint_services(request, world, subnet.outputs.get("vpcId"))
        missing = [service for service in NEEDED_SERVICES if service not in there]
        if missing:
            return (
                f"Instances failed to join the kubernetes cluster: {subnet.id} has no route to the internet, and its "
                f"VPC no endpoint of {', '.join(missing)}."
            )
    return None


@refuses(
    NODE_GROUP,
    code="AsgInstanceLaunchFailures",
    documentation="https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html",
    on=WRITE,
    later=True,
)
def volume_key_without_autoscaling(request: Request, world: World) -> str | None:
    """A group without nodes is made, and meets this at its first one."""
    principal = Place(account=request.account, region=request.region).role(AUTOSCALING_ROLE)
    for key in _volume_keys(request, world):
        policy = read(key.outputs.get("policy")) or {}
        missing = [action for action in KEY_ACTIONS if not admits(policy, principal, action)]
        if missing:
            return (
                "Client.InvalidKMSKey.InvalidState: the KMS key provided is in an incorrect state: the policy of "
                f"{key.id} does not allow {', '.join(missing)} to {principal}."
            )
    return None


@refuses(NODE_GROUP, code="VcpuLimitExceeded", documentation=INSTANCE_QUOTAS, on=WRITE)
def vcpu_quota(request: Request, world: World) -> str | None:
    over = _over_quota(request, world, "ON_DEMAND")
    return over and f"You have requested more vCPU capacity than your current vCPU limit allows: {over}."


@refuses(NODE_GROUP, code="MaxSpotInstanceCountExceeded", documentation=INSTANCE_QUOTAS, on=WRITE)
def spot_quota(request: Request, world: World) -> str | None:
    over = _over_quota(request, world, "SPOT")
    return over and f"Max spot instance count exceeded: {over}."


@refuses(
    SCALING_ATTACHMENT,
    TRAFFIC_SOURCE,
    code="ValidationError",
    documentation="https://github.com/aws/containers-roadmap/issues/709",
    later=True,
)
def target_group_of_managed_nodes(request: Request, world: World) -> str | None:
    """EKS owns the group: nodes leave it without being drained from the target group, and updates drop the link."""
    name = request.inputs.get("autoscalingGroupName")
    for group in in_account(request, world, NODE_GROUP):
        scaling_groups = [
            one.get("name")
            for resource in listed(group.outputs, "resources")
            for one in listed(resource, "autoscalingGroups")
        ]
        if name in scaling_groups:
            return f"{name} belongs to the managed node group {group.id}: bind target groups to pods instead."
    return None


def _over_quota(request: Request, world: World, capacity: str) -> str | None:
    """Against the quotas that the store has; where it has none of a kind, there is no limit."""
    kind, wanted = _vcpus(request.inputs, request, world)
    quotas = in_region(request, world, QUOTA)
    code = QUOTA_CODES.get((kind, capacity))
    limits = [number(one.outputs, "value") for one in quotas if code and one.outputs.get("quotaCode") == code]
    groups = [one for one in in_region(request, world, NODE_GROUP) if _capacity(one.outputs) == capacity]
    used = sum(vcpus for one in groups for its, vcpus in [_vcpus(one.outputs, request, world)] if its == kind)
    limit = limits[0] if limits and _capacity(request.inputs) == capacity else None
    if limit is None or not wanted or used + wanted <= limit:
        return None
    return f"{wanted} wanted and {used} in use of {limit:.0f} (quota {code} in {request.region})"


def _starts_nodes(inputs: Mapping[str, Any]) -> bool:
    return bool(number(mapped(inputs, "scalingConfig"), "desiredSize"))


def _volume_keys(request: Request, world: World) -> list[Existing]:
    template = template_of(request.inputs, request, world)
    mappings = listed(template.outputs, "blockDeviceMappings") if template else []
    references = [mapped(one, "ebs").get("kmsKeyId") for one in mappings if isinstance(one, Mapping)]
    return [key for reference in references if (key := referred(request, world, KEY, reference))]


def _vcpus(inputs: Mapping[str, Any], request: Request, world: World) -> tuple[str, int]:
    """Kind of machine, and vCPUs of a node group's desired size."""
    nodes = int(number(mapped(inputs, "scalingConfig"), "desiredSize") or 0)
    machine = next(iter(machines(inputs, request, world)), "")
    return _kind(machine), nodes * vcpus_of_machines().get(machine, 0)


def _capacity(inputs: Mapping[str, Any]) -> str:
    return str(inputs.get("capacityType") or "ON_DEMAND")


def _kind(machine: str) -> str:
    if machine.startswith("inf"):
        return "inf"
    return "standard" if machine[:1] in STANDARD else machine[:1]


RULES = (
    node_that_cannot_join,
    volume_key_without_autoscaling,
    vcpu_quota,
    spot_quota,
    target_group_of_managed_nodes,
)
