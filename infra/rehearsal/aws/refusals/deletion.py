"""What AWS does not delete: what something else still hangs on, what is not empty, what is protected.

That something else may never have been in anybody's state: interfaces of EKS, of balancers and endpoints, of the CNI.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from llmctl.infra.rehearsal.aws.refusals.buckets import BUCKET
from llmctl.infra.rehearsal.aws.refusals.cluster import CLUSTER, NODE_GROUP
from llmctl.infra.rehearsal.aws.refusals.identity import ATTACHMENT, INLINE_POLICY, POLICY
from llmctl.infra.rehearsal.aws.refusals.keys import ROLE
from llmctl.infra.rehearsal.aws.refusals.listeners import (
    CERTIFICATE,
    LISTENER,
    WEB_ACL,
    WEB_ACL_ASSOCIATION,
    target_groups,
)
from llmctl.infra.rehearsal.aws.refusals.load_balancer import BALANCER, TARGET_GROUP, kind
from llmctl.infra.rehearsal.aws.refusals.neighbours import NAMES, in_account, in_region, listed, mapped, referred
from llmctl.infra.rehearsal.aws.refusals.network import (
    ADDRESS,
    ENDPOINT,
    GATEWAY_ATTACHMENT,
    INTERNET_GATEWAY,
    NAT_GATEWAY,
    ROUTE_TABLE,
    ROUTE_TABLE_ASSOCIATION,
    SUBNET,
    VPC,
)
from llmctl.infra.rehearsal.aws.refusals.records import LOG_GROUP, REPOSITORY
from llmctl.infra.rehearsal.aws.refusals.rule import DELETE, refuses
from llmctl.infra.rehearsal.aws.refusals.security_groups import EGRESS, INGRESS, SECURITY_GROUP
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
INSTANCE = "aws:ec2/instance:Instance"
OBJECTS = ("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject")
IMAGE = "aws:ecr/image:Image"
"""Of the double's store; the SDK has no such resource."""

EC2 = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference"
IAM = "https://docs.aws.amazon.com/IAM/latest/APIReference"
EKS = "https://docs.aws.amazon.com/eks/latest/APIReference"
ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference"

IN_VPC = (SUBNET, SECURITY_GROUP, ROUTE_TABLE, INTERNET_GATEWAY, GATEWAY_ATTACHMENT, ENDPOINT, NAT_GATEWAY, INTERFACE)
"""Not the default security group, which goes with its VPC."""


@refuses(VPC, code="DependencyViolation", documentation=f"{EC2}/API_DeleteVpc.html", on=DELETE)
def vpc_in_use(request: Request, world: World) -> str | None:
    holders = _holders(request, world, IN_VPC, lambda one: one.outputs.get("vpcId") == request.id and not _default(one))
    return holders and f"The vpc '{request.id}' has dependencies and cannot be deleted: {holders}."


@refuses(SUBNET, code="DependencyViolation", documentation=f"{EC2}/API_DeleteSubnet.html", on=DELETE)
def subnet_in_use(request: Request, world: World) -> str | None:
    types = (INTERFACE, INSTANCE, NAT_GATEWAY, ENDPOINT, BALANCER, CLUSTER)
    holders = _holders(request, world, types, lambda one: request.id in _subnets(one))
    return holders and f"The subnet '{request.id}' has dependencies and cannot be deleted: {holders}."


@refuses(SECURITY_GROUP, code="DependencyViolation", documentation=f"{EC2}/API_DeleteSecurityGroup.html", on=DELETE)
def security_group_in_use(request: Request, world: World) -> str | None:
    types = (INTERFACE, INSTANCE, ENDPOINT, BALANCER, CLUSTER, SECURITY_GROUP, INGRESS, EGRESS)
    holders = _holders(request, world, types, lambda one: request.id in _security_groups(one, request.id))
    return holders and f"resource {request.id} has a dependent object: {holders}."


@refuses(
    INTERNET_GATEWAY,
    GATEWAY_ATTACHMENT,
    code="DependencyViolation",
    documentation=f"{EC2}/API_DetachInternetGateway.html",
    on=DELETE,
)
def gateway_with_public_addresses(request: Request, world: World) -> str | None:
    vpc = request.inputs.get("vpcId") or request.before.get("vpcId")
    holders = _holders(request, world, (NAT_GATEWAY, BALANCER), lambda one: _is_public_in(one, vpc, request, world))
    if vpc is None or not holders:
        return None
    return (
        f"Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching "
        f"the gateway: {holders}."
    )


@refuses(ROUTE_TABLE, code="DependencyViolation", documentation=f"{EC2}/API_DeleteRouteTable.html", on=DELETE)
def route_table_in_use(request: Request, world: World) -> str | None:
    types = (ROUTE_TABLE_ASSOCIATION,)
    holders = _holders(request, world, types, lambda one: one.outputs.get("routeTableId") == request.id)
    return holders and f"The routeTable '{request.id}' has dependencies and cannot be deleted: {holders}."


@refuses(ADDRESS, code="InvalidIPAddress.InUse", documentation=f"{EC2}/errors-overview.html", on=DELETE)
def address_in_use(request: Request, world: World) -> str | None:
    ours = {request.id, request.before.get("allocationId")} - {None}
    holders = _holders(request, world, (NAT_GATEWAY,), lambda one: one.outputs.get("allocationId") in ours)
    return holders and f"Address {request.id} is in use: {holders}."


@refuses(
    BUCKET,
    code="BucketNotEmpty",
    documentation="https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
    on=DELETE,
)
def bucket_not_empty(request: Request, world: World) -> str | None:
    objects = [one for one in in_account(request, world, *OBJECTS) if one.outputs.get("bucket") == request.id]
    if not objects or request.inputs.get("forceDestroy"):
        return None
    return f"The bucket you tried to delete is not empty: {request.id} has {len(objects)} objects."


@refuses(ROLE, code="DeleteConflict", documentation=f"{IAM}/API_DeleteRole.html", on=DELETE)
def role_with_policies(request: Request, world: World) -> str | None:
    """Instance profiles the provider leaves by itself."""
    names = _names(request)
    for one in in_account(request, world, ATTACHMENT, INLINE_POLICY):
        if one.outputs.get("role") in names and not request.inputs.get("forceDetachPolicies"):
            what = "detach all policies" if one.type == ATTACHMENT else "delete policies"
            return f"Cannot delete entity, must {what} first ({one.id})."
    return None


@refuses(POLICY, code="DeleteConflict", documentation=f"{IAM}/API_DeletePolicy.html", on=DELETE)
def policy_attached(request: Request, world: World) -> str | None:
    names = _names(request)
    for one in in_account(request, world, ATTACHMENT):
        if one.outputs.get("policyArn") in names:
            return f"Cannot delete a policy attached to entities ({one.outputs.get('role')})."
    return None


@refuses(CLUSTER, code="ResourceInUseException", documentation=f"{EKS}/API_DeleteCluster.html", on=DELETE)
def cluster_with_node_groups(request: Request, world: World) -> str | None:
    names = _names(request)
    holders = _holders(request, world, (NODE_GROUP,), lambda one: one.outputs.get("clusterName") in names)
    return holders and f"Cluster has nodegroups attached: {holders}."


@refuses(CLUSTER, code="InvalidRequestException", documentation=f"{EKS}/API_DeleteCluster.html", on=DELETE)
def cluster_protected(request: Request, _: World) -> str | None:
    if not request.before.get("deletionProtection"):
        return None
    return f"Cannot delete cluster {request.id} because deletion protection is enabled."


@refuses(BALANCER, code="OperationNotPermitted", documentation=f"{ELB}/API_DeleteLoadBalancer.html", on=DELETE)
def balancer_protected(request: Request, _: World) -> str | None:
    if not request.before.get("enableDeletionProtection"):
        return None
    return f"Load balancer '{request.id}' cannot be deleted because deletion protection is enabled."


@refuses(TARGET_GROUP, code="ResourceInUse", documentation=f"{ELB}/API_DeleteTargetGroup.html", on=DELETE)
def target_group_in_use(request: Request, world: World) -> str | None:
    names = _names(request)
    holders = _holders(request, world, (LISTENER,), lambda one: bool(names & set(target_groups(one.outputs))))
    return holders and f"Target group '{request.id}' is currently in use by a listener or a rule: {holders}."


@refuses(
    CERTIFICATE,
    code="ResourceInUseException",
    documentation="https://docs.aws.amazon.com/acm/latest/APIReference/API_DeleteCertificate.html",
    on=DELETE,
)
def certificate_in_use(request: Request, world: World) -> str | None:
    names = _names(request)
    holders = _holders(request, world, (LISTENER,), lambda one: one.outputs.get("certificateArn") in names)
    return holders and f"Certificate {request.id} is in use: {holders}."


@refuses(
    WEB_ACL,
    code="WAFAssociatedItemException",
    documentation="https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteWebACL.html",
    on=DELETE,
)
def firewall_in_use(request: Request, world: World) -> str | None:
    names = _names(request)
    holders = _holders(request, world, (WEB_ACL_ASSOCIATION,), lambda one: one.outputs.get("webAclArn") in names)
    return holders and f"AWS WAF couldn't delete {request.id}: it is associated ({holders})."


@refuses(
    REPOSITORY,
    code="RepositoryNotEmptyException",
    documentation="https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html",
    on=DELETE,
)
def repository_not_empty(request: Request, world: World) -> str | None:
    names = _names(request)
    images = [one for one in in_region(request, world, IMAGE) if one.outputs.get("repositoryName") in names]
    if not images or request.inputs.get("forceDelete"):
        return None
    return f"The repository with name '{request.id}' cannot be deleted because it still contains {len(images)} images."


@refuses(
    LOG_GROUP,
    code="ValidationException",
    documentation="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html",
    on=DELETE,
)
def log_group_protected(request: Request, _: World) -> str | None:
    if not request.before.get("deletionProtectionEnabled") or request.inputs.get("skipDestroy"):
        return None
    return f"The log group {request.id} has deletion protection enabled."


def _holders(request: Request, world: World, types: tuple[str, ...], holds: Callable[[Existing], bool]) -> str | None:
    """Names of what is in the way, with who made it where that was not Pulumi."""
    found = [one for one in in_region(request, world, *types) if holds(one)]
    names = [one.id if one.made_by == "pulumi" else f"{one.id} (made by {one.made_by})" for one in found]
    return ", ".join(names) or None


def _names(request: Request) -> set[object]:
    return {request.id, *(request.before[key] for key in NAMES if request.before.get(key))}


def _default(one: Existing) -> bool:
    return one.type == SECURITY_GROUP and one.outputs.get("name") == "default"


def _subnets(one: Existing) -> list[object]:
    config = mapped(one.outputs, "vpcConfig")
    return [
        one.outputs.get("subnetId"),
        *listed(one.outputs, "subnetIds"),
        *listed(one.outputs, "subnets"),
        *listed(config, "subnetIds"),
    ]


def _security_groups(one: Existing, ours: str | None) -> Iterator[object]:
    """Those that it uses or names; a rule inside of a group about itself is nothing in the way."""
    yield one.outputs.get("referencedSecurityGroupId") if one.outputs.get("securityGroupId") != ours else None
    for key in ("securityGroups", "securityGroupIds", "vpcSecurityGroupIds"):
        yield from listed(one.outputs, key)
    yield from listed(mapped(one.outputs, "vpcConfig"), "securityGroupIds")
    for side in ("ingress", "egress"):
        for rule in listed(one.outputs, side):
            yield from listed(rule, "securityGroups")


def _is_public_in(one: Existing, vpc: object, request: Request, world: World) -> bool:
    if one.type == BALANCER and (one.outputs.get("internal") or kind(one.outputs) not in ("application", "network")):
        return False
    if one.outputs.get("connectivityType") == "private":
        return False
    subnets = [referred(request, world, SUBNET, subnet) for subnet in _subnets(one)]
    return one.outputs.get("vpcId") == vpc or any(subnet and subnet.outputs.get("vpcId") == vpc for subnet in subnets)


RULES = (
    vpc_in_use,
    subnet_in_use,
    security_group_in_use,
    gateway_with_public_addresses,
    route_table_in_use,
    address_in_use,
    bucket_not_empty,
    role_with_policies,
    policy_attached,
    cluster_with_node_groups,
    cluster_protected,
    balancer_protected,
    target_group_in_use,
    certificate_in_use,
    firewall_in_use,
    repository_not_empty,
    log_group_protected,
)
