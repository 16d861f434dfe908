"""What AWS makes by itself for what it is asked for: some goes with it, some stays and is found by a receipt.

VPC: docs.aws.amazon.com/vpc/latest/userguide/create-vpc.html. Cluster: docs.aws.amazon.com/eks/latest/userguide/
sec-group-reqs.html, network-reqs.html (two to four interfaces), control-plane-logs.html. Node group: the Auto Scaling
group of docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from llmctl.infra.rehearsal.cloud.package import Beside, Made, Resource
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World
from llmctl.infra.rehearsal.cloud.store import now
from llmctl.infra.rehearsal.properties import UNKNOWN

VPC, SUBNET, GROUP = "aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup"
ADOPTED = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
INTERFACE, LOG_GROUP = "aws:ec2/networkInterface:NetworkInterface", "aws:cloudwatch/logGroup:LogGroup"
CLUSTER, NODES = "aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
CLUSTER_INTERFACES = 2


def with_what_comes(resource: Resource, request: Request, made: Made, world: World) -> Made:
    """The same with more outputs, and with things beside it."""
    more = MORE.get(resource.type)
    return more(request, made, world) if more else made


def zones_of(request: Request, world: World) -> list[str]:
    """Zones in which a node group wants machines now; none where it starts with none."""
    scaling = request.inputs.get("scalingConfig") or {}
    if request.type != NODES or not scaling.get("desiredSize"):
        return []
    subnets = [world.find(SUBNET, each) for each in request.inputs.get("subnetIds") or ()]
    return [str(each.outputs.get("availabilityZone", "")) for each in subnets if each]


def counted(request: Request, before: Existing) -> dict[str, Any]:
    """A changed launch template is a version more."""
    if request.type != TEMPLATE:
        return {}
    latest = int(before.outputs["latestVersion"]) + 1
    return {
        "latestVersion": latest,
        **({"defaultVersion": latest} if request.inputs.get("updateDefaultVersion") else {}),
    }


def within(type_: str, before: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """What AWS adds inside of an input: as it was, or unknown where there was nothing yet."""
    if type_ != CLUSTER or not isinstance(news.get("vpcConfig"), dict):
        return {}
    was = before.get("vpcConfig") or {}
    added = {name: was.get(name, UNKNOWN) for name in ("clusterSecurityGroupId", "vpcId")}
    return {"vpcConfig": {**news["vpcConfig"], **added}}


def _vpc(request: Request, made: Made, world: World) -> Made:  # noqa: ARG001
    group = _thing(
        request, ADOPTED, made.outputs["defaultSecurityGroupId"], "ec2", {"name": "default", "vpcId": made.id}
    )
    return dataclasses.replace(made, beside=(Beside(thing=group),))


def _adopted(request: Request, made: Made, world: World) -> Made:
    """The group that came with the VPC: it is there already, and has its id."""
    vpc = world.find(VPC, str(request.inputs.get("vpcId")))
    if vpc is None:
        return made
    id_ = str(vpc.outputs["defaultSecurityGroupId"])
    arn = str(made.outputs["arn"]).rpartition("/")[0]
    return dataclasses.replace(made, id=id_, outputs={**made.outputs, "arn": f"{arn}/{id_}"})


def _cluster(request: Request, made: Made, world: World) -> Made:
    name, network = made.id, request.inputs.get("vpcConfig") or {}
    subnets = list(network.get("subnetIds") or ())
    vpc = next((str(each.inputs.get("vpcId")) for each in (world.find(SUBNET, each) for each in subnets) if each), "")
    group = _thing(
        request,
        GROUP,
        f"sg-{_digits(request, name, 'group')}",
        "eks",
        {"name": f"eks-cluster-sg-{name}", "vpcId": vpc, "tags": {f"kubernetes.io/cluster/{name}": "owned"}},
    )
    outputs = {**made.outputs, "vpcConfig": {**network, "clusterSecurityGroupId": group.id, "vpcId": vpc}}
    interfaces = _interfaces(request, name, subnets[:CLUSTER_INTERFACES], "eks")
    logs = () if not request.inputs.get("enabledClusterLogTypes") else _cluster_logs(request, name, world)
    return dataclasses.replace(made, outputs=outputs, beside=(Beside(thing=group), *interfaces, *logs))


def _cluster_logs(request: Request, name: str, world: World) -> tuple[Beside, ...]:
    """Made where it is not there, and never taken away again."""
    group = f"/aws/eks/{name}/cluster"
    if world.find(LOG_GROUP, group):
        return ()
    return (Beside(thing=_thing(request, LOG_GROUP, group, "eks", {"name": group}), stays=True),)


def _in_subnets(request: Request, made: Made, world: World) -> Made:  # noqa: ARG001
    """A load balancer or an interface endpoint has an interface in each of its subnets, a NAT gateway in its own."""
    given = request.inputs
    subnets = given.get("subnetIds") or given.get("subnets") or [given[key] for key in ("subnetId",) if key in given]
    beside = tuple(_interfaces(request, made.id, list(subnets), request.type.split(":")[1].split("/")[0]))
    ids = [each.thing.id for each in beside]
    known = {"networkInterfaceIds": ids} if "networkInterfaceIds" in made.outputs else {}
    one = {"networkInterfaceId": ids[0]} if "networkInterfaceId" in made.outputs and ids else {}
    return dataclasses.replace(made, outputs={**made.outputs, **known, **one}, beside=beside)


def _interfaces(request: Request, owner: str, subnets: list[Any], made_by: str) -> Iterator[Beside]:
    for subnet in subnets:
        id_ = f"eni-{_digits(request, owner, str(subnet))}"
        yield Beside(thing=_thing(request, INTERFACE, id_, made_by, {"subnetId": subnet, "description": owner}))


def _nodes(request: Request, made: Made, world: World) -> Made:  # noqa: ARG001
    name = made.outputs["resources"][0]["autoscalingGroups"][0]["name"]
    inputs = {"name": name, "vpcZoneIdentifiers": request.inputs.get("subnetIds") or []}
    group = _thing(request, "aws:autoscaling/group:Group", name, "eks", inputs)
    return dataclasses.replace(made, beside=(Beside(thing=group),))


MORE: Mapping[str, Callable[[Request, Made, World], Made]] = {
    VPC: _vpc,
    ADOPTED: _adopted,
    CLUSTER: _cluster,
    NODES: _nodes,
    "aws:ec2/natGateway:NatGateway": _in_subnets,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _in_subnets,
    "aws:lb/loadBalancer:LoadBalancer": _in_subnets,
}


def _thing(request: Request, type_: str, id_: str, made_by: str, inputs: dict[str, Any]) -> Existing:
    return Existing(
        type=type_,
        id=id_,
        account=request.account,
        region=request.region,
        inputs=inputs,
        outputs=inputs,
        created=now(),
        made_by=made_by,
    )


def _digits(request: Request, owner: str, word: str) -> str:
    return hashlib.sha256(f"{request.account} {request.region} {owner} {word}".encode()).hexdigest()[:17]
