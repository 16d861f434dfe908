"""What EKS refuses of a managed node group."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from llmctl.infra.rehearsal.aws.refusals.cluster import API, GUIDE, NODE_GROUP, cluster_of, minor
from llmctl.infra.rehearsal.aws.refusals.launch_templates import LAUNCH_TEMPLATE, not_offered
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, is_named, listed, mapped, number
from llmctl.infra.rehearsal.aws.refusals.network import zone_of
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.aws.region_data import ami_releases, offered_in
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

CREATE = f"{API}/API_CreateNodegroup.html"
TEMPLATES = f"{GUIDE}/launch-templates.html"
QUOTAS = "https://docs.aws.amazon.com/general/latest/gr/eks.html"
ISSUES = f"{API}/API_Issue.html"

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,62}")
MOST_GROUPS = 30
MOST_NODES = 450
MOST_TYPES = 20
NOT_IN_TEMPLATES = (
    "iamInstanceProfile",
    "instanceMarketOptions",
    "hibernationOptions",
    "instanceInitiatedShutdownBehavior",
)
"""Spot is the node group's capacityType."""


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=f"{GUIDE}/create-managed-node-group.html")
def node_group_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("nodeGroupName", "unnamed"))
    if NAME.fullmatch(name):
        return None
    return f"'{name}' is no name of a node group: 1 to 63 letters, digits, - and _, first a letter or digit."


@refuses(NODE_GROUP, code="ResourceInUseException", documentation=CREATE)
def node_group_exists(request: Request, world: World) -> str | None:
    name = request.inputs.get("nodeGroupName")
    if any(name and group.outputs.get("nodeGroupName") == name for group in _of_cluster(request, world)):
        return f"NodeGroup already exists with name {name} and cluster name {request.inputs.get('clusterName')}."
    return None


@refuses(NODE_GROUP, code="ResourceNotFoundException", documentation=CREATE)
def node_group_without_cluster(request: Request, world: World) -> str | None:
    name = request.inputs.get("clusterName")
    return None if cluster_of(request, world) else f"No cluster found for name: {name}."


@refuses(NODE_GROUP, code="ResourceLimitExceededException", documentation=QUOTAS)
def node_groups_of_cluster(request: Request, world: World) -> str | None:
    if len(_of_cluster(request, world)) < MOST_GROUPS:
        return None
    return f"Node groups limit exceeded: {MOST_GROUPS} for a cluster."


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=f"{API}/API_NodegroupScalingConfig.html", on=WRITE)
def node_group_sizes(request: Request, _: World) -> str | None:
    scaling = mapped(request.inputs, "scalingConfig")
    least, desired, most = (number(scaling, key) for key in ("minSize", "desiredSize", "maxSize"))
    if least is None or desired is None or most is None or (0 <= least <= desired <= most and most >= 1):
        return None
    return f"Sizes must be minSize <= desiredSize <= maxSize >= 1, not {least:.0f}, {desired:.0f}, {most:.0f}."


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=QUOTAS, on=WRITE)
def nodes_of_group(request: Request, _: World) -> str | None:
    most = number(mapped(request.inputs, "scalingConfig"), "maxSize")
    return f"maxSize can't be greater than {MOST_NODES}, not {most:.0f}." if most and most > MOST_NODES else None


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=TEMPLATES, on=WRITE)
def disk_size_beside_template(request: Request, _: World) -> str | None:
    if not (request.inputs.get("launchTemplate") and request.inputs.get("diskSize")):
        return None
    return "Disk size must be specified within the launch template."


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=TEMPLATES, on=WRITE)
def remote_access_beside_template(request: Request, _: World) -> str | None:
    if not (request.inputs.get("launchTemplate") and request.inputs.get("remoteAccess")):
        return None
    return "Remote access configuration cannot be specified with a launch template."


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=CREATE, on=WRITE)
def machine_types_in_both(request: Request, world: World) -> str | None:
    types, template = listed(request.inputs, "instanceTypes"), template_of(request.inputs, request, world)
    if len(types) > MOST_TYPES:
        return f"{len(types)} instance types; {MOST_TYPES} are allowed."
    if types and template and template.outputs.get("instanceType"):
        return "Instance types can be in the launch template or in instanceTypes, not in both."
    return None


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=TEMPLATES, on=WRITE)
def template_with_what_eks_decides(request: Request, world: World) -> str | None:
    template = template_of(request.inputs, request, world)
    if template is None:
        return None
    interfaces = listed(template.outputs, "networkInterfaces")
    wrong = [key for key in NOT_IN_TEMPLATES if template.outputs.get(key)]
    wrong += ["networkInterfaces.subnetId" for one in interfaces if isinstance(one, Mapping) and one.get("subnetId")]
    return f"Launch template {template.id} should not specify {', '.join(wrong)}." if wrong else None


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=TEMPLATES, on=WRITE)
def ami_in_both(request: Request, world: World) -> str | None:
    template = template_of(request.inputs, request, world)
    both = [key for key in ("amiType", "releaseVersion", "version") if request.inputs.get(key) not in (None, "CUSTOM")]
    if template is None or not template.outputs.get("imageId") or not both:
        return None
    return f"You cannot specify {' and '.join(both)} when the launch template {template.id} has an image id."


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=ISSUES, on=WRITE)
def machine_of_group(request: Request, _: World) -> str | None:
    types = listed(request.inputs, "instanceTypes")
    return next((wrong for one in types if (wrong := not_offered(str(one), request.region))), None)


@refuses(
    NODE_GROUP,
    code="AsgInstanceLaunchFailures",
    documentation="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html",
    on=WRITE,
    later=True,
)
def machine_not_in_zone(request: Request, world: World) -> str | None:
    zones = {zone_of(request, world, subnet) for subnet in listed(request.inputs, "subnetIds")} - {None}
    for machine in machines(request.inputs, request, world):
        offered = offered_in(machine, request.region)
        missing = sorted(zone for zone in zones if zone and offered and zone not in offered)
        if missing:
            return (
                f"Your requested instance type ({machine}) is not supported in your requested Availability Zone "
                f"({missing[0]}), only in {', '.join(sorted(offered or ()))}."
            )
    return None


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=CREATE)
def group_of_another_version(request: Request, world: World) -> str | None:
    cluster, version = cluster_of(request, world), request.inputs.get("version")
    ours = cluster.outputs.get("version") if cluster else None
    if version is None or ours is None or minor(version) == minor(ours):
        return None
    return f"Node group version {version} is not the cluster's {ours}, the only one that a new node group can have."


@refuses(
    NODE_GROUP,
    code="InvalidParameterException",
    documentation=f"{GUIDE}/eks-linux-ami-versions.html",
    on=WRITE,
)
def release_of_another_version(request: Request, world: World) -> str | None:
    release, cluster = request.inputs.get("releaseVersion"), cluster_of(request, world)
    version = request.inputs.get("version") or (cluster.outputs.get("version") if cluster else None)
    al2023 = str(request.inputs.get("amiType", "AL2023")).startswith("AL2023")
    if release is None or version is None or not al2023 or release in ami_releases(str(version)):
        return None
    return f"Requested release version {release} is not valid for kubernetes version {version}."


@refuses(NODE_GROUP, code="InvalidParameterException", documentation=f"{API}/API_NodegroupUpdateConfig.html", on=WRITE)
def update_in_two_measures(request: Request, _: World) -> str | None:
    config = mapped(request.inputs, "updateConfig")
    if not (config.get("maxUnavailable") and config.get("maxUnavailablePercentage")):
        return None
    return "maxUnavailable and maxUnavailablePercentage can't both be set."


def template_of(inputs: Mapping[str, Any], request: Request, world: World) -> Existing | None:
    """The launch template that a node group names by id or name."""
    named = mapped(inputs, "launchTemplate")
    for template in in_region(request, world, LAUNCH_TEMPLATE):
        if any(value and is_named(template, value) for value in (named.get("id"), named.get("name"))):
            return template
    return None


def machines(inputs: Mapping[str, Any], request: Request, world: World) -> list[str]:
    template = template_of(inputs, request, world)
    of_template = template.outputs.get("instanceType") if template else None
    return [str(one) for one in listed(inputs, "instanceTypes") or [of_template] if one]


def _of_cluster(request: Request, world: World) -> list[Existing]:
    name = request.inputs.get("clusterName")
    return [group for group in in_region(request, world, NODE_GROUP) if group.outputs.get("clusterName") == name]


RULES = (
    node_group_name,
    node_group_exists,
    node_group_without_cluster,
    node_groups_of_cluster,
    node_group_sizes,
    nodes_of_group,
    disk_size_beside_template,
    remote_access_beside_template,
    machine_types_in_both,
    template_with_what_eks_decides,
    ami_in_both,
    machine_of_group,
    machine_not_in_zone,
    group_of_another_version,
    release_of_another_version,
    update_in_two_measures,
)
