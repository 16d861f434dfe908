"""What EKS refuses of a cluster and its add-ons."""

from __future__ import annotations

import re

from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, is_named, listed, mapped, referred
from llmctl.infra.rehearsal.aws.refusals.network import SUBNET, VPC, zone_of
from llmctl.infra.rehearsal.aws.refusals.rule import UPDATE, WRITE, refuses
from llmctl.infra.rehearsal.aws.region_data import kubernetes_versions
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

CLUSTER = "aws:eks/cluster:Cluster"
ADDON = "aws:eks/addon:Addon"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"

GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide"
API = "https://docs.aws.amazon.com/eks/latest/APIReference"
REQUIREMENTS = f"{GUIDE}/network-reqs.html"
VERSIONS = f"{GUIDE}/kubernetes-versions.html"

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
ADDON_VERSION = re.compile(r"v(?P<major>[0-9]+)\.(?P<minor>[0-9]+)\.[0-9]+-eksbuild\.[0-9]+")
MOST_SECURITY_GROUPS = 5
MOST_KUBELETS_BEHIND = 3
"""Minor versions; the same for kube-proxy."""


@refuses(CLUSTER, code="InvalidParameterException", documentation=f"{API}/API_CreateCluster.html")
def cluster_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "unnamed"))
    if NAME.fullmatch(name):
        return None
    return f"'{name}' is no name of a cluster: 1 to 100 letters, digits, - and _, first a letter or digit."


@refuses(CLUSTER, code="ResourceInUseException", documentation=f"{API}/API_CreateCluster.html")
def cluster_exists(request: Request, world: World) -> str | None:
    name = request.inputs.get("name")
    exists = any(name and one.outputs.get("name") == name for one in in_region(request, world, CLUSTER))
    return f"Cluster already exists with name: {name}." if exists else None


@refuses(CLUSTER, code="InvalidParameterException", documentation=REQUIREMENTS)
def cluster_in_one_zone(request: Request, world: World) -> str | None:
    subnets = listed(mapped(request.inputs, "vpcConfig"), "subnetIds")
    zones = [zone_of(request, world, subnet) for subnet in subnets]
    if None in zones or len(set(zones)) > 1:
        return None
    return "Subnets specified must be in at least two different AZs."


@refuses(CLUSTER, code="InvalidParameterException", documentation=f"{GUIDE}/cluster-endpoint.html", on=WRITE)
def cluster_without_endpoint(request: Request, _: World) -> str | None:
    config = mapped(request.inputs, "vpcConfig")
    if config.get("endpointPublicAccess", True) or config.get("endpointPrivateAccess", False):
        return None
    return "Private and public endpoint access cannot be false at the same time."


@refuses(CLUSTER, code="InvalidParameterException", documentation=f"{API}/API_VpcConfigRequest.html", on=WRITE)
def cluster_security_groups(request: Request, _: World) -> str | None:
    groups = listed(mapped(request.inputs, "vpcConfig"), "securityGroupIds")
    if len(groups) <= MOST_SECURITY_GROUPS:
        return None
    return f"{len(groups)} security groups; a cluster has at most {MOST_SECURITY_GROUPS} besides its own."


@refuses(CLUSTER, code="InvalidParameterException", documentation=REQUIREMENTS, later=True)
def cluster_in_vpc_without_dns(request: Request, world: World) -> str | None:
    """EKS makes the cluster; its nodes never register."""
    for subnet in listed(mapped(request.inputs, "vpcConfig"), "subnetIds"):
        found = referred(request, world, SUBNET, subnet)
        vpc = referred(request, world, VPC, found.outputs.get("vpcId")) if found else None
        if vpc and not (vpc.outputs.get("enableDnsSupport", True) and vpc.outputs.get("enableDnsHostnames")):
            return f"{vpc.id} must have DNS hostnames and DNS resolution; without them nodes can't register."
    return None


@refuses(CLUSTER, code="InvalidParameterException", documentation=VERSIONS)
def kubernetes_version(request: Request, _: World) -> str | None:
    version, known = request.inputs.get("version"), kubernetes_versions()
    if version is None or version in known:
        return None
    return f"unsupported Kubernetes version: {version} (known are {known[0]} to {known[-1]})."


@refuses(CLUSTER, code="InvalidParameterException", documentation=f"{GUIDE}/update-cluster.html", on=UPDATE)
def kubernetes_version_skipped(request: Request, _: World) -> str | None:
    now, wanted = request.before.get("version"), request.inputs.get("version")
    if now is None or wanted is None or minor(wanted) - minor(now) in (0, 1):
        return None
    return f"Unsupported Kubernetes minor version update from {now} to {wanted}."


@refuses(CLUSTER, code="InvalidRequestException", documentation=f"{API}/API_UpdateClusterVersion.html", on=UPDATE)
def nodes_behind_the_update(request: Request, world: World) -> str | None:
    now, wanted = request.before.get("version"), request.inputs.get("version")
    for group in in_region(request, world, NODE_GROUP):
        version = group.outputs.get("version", now)
        ours = group.outputs.get("clusterName") in (request.id, request.inputs.get("name"))
        if ours and now and wanted and wanted != now and version != now:
            return f"Node group {group.id} has Kubernetes {version}: update it to the cluster's {now} first."
    return None


@refuses(ADDON, code="ResourceNotFoundException", documentation=f"{API}/API_CreateAddon.html")
def addon_without_cluster(request: Request, world: World) -> str | None:
    name = request.inputs.get("clusterName")
    return None if cluster_of(request, world) else f"No cluster found for name: {name}."


@refuses(ADDON, code="ResourceInUseException", documentation=f"{API}/API_CreateAddon.html")
def addon_exists(request: Request, world: World) -> str | None:
    ours = (request.inputs.get("clusterName"), request.inputs.get("addonName"))
    for addon in in_region(request, world, ADDON):
        if (addon.outputs.get("clusterName"), addon.outputs.get("addonName")) == ours:
            return f"Addon {ours[1]} already exists in cluster {ours[0]}."
    return None


@refuses(ADDON, code="InvalidParameterException", documentation=f"{GUIDE}/managing-kube-proxy.html", on=WRITE)
def addon_version(request: Request, world: World) -> str | None:
    """Of kube-proxy also: no newer than the cluster, at most three minors older."""
    version, cluster = request.inputs.get("addonVersion"), cluster_of(request, world)
    match = ADDON_VERSION.fullmatch(str(version))
    kubernetes = cluster.outputs.get("version") if cluster else None
    proxy = request.inputs.get("addonName") == "kube-proxy"
    fits = match and not (proxy and kubernetes and not _follows(int(match["minor"]), minor(kubernetes)))
    if version is None or fits:
        return None
    return f"Addon version specified is not supported, specify v1.2.3-eksbuild.1 for {kubernetes}, not {version}."


def cluster_of(request: Request, world: World) -> Existing | None:
    """The one that clusterName names."""
    name = request.inputs.get("clusterName")
    return next((one for one in in_region(request, world, CLUSTER) if is_named(one, name)), None)


def minor(version: object) -> int:
    """34 of 1.34 and of 1.34.9."""
    digits = str(version).split(".")[1:2]
    return int(digits[0]) if digits and digits[0].isdigit() else 0


def _follows(proxy: int, kubernetes: int) -> bool:
    return kubernetes - MOST_KUBELETS_BEHIND <= proxy <= kubernetes


RULES = (
    cluster_name,
    cluster_exists,
    cluster_in_one_zone,
    cluster_without_endpoint,
    cluster_security_groups,
    cluster_in_vpc_without_dns,
    kubernetes_version,
    kubernetes_version_skipped,
    nodes_behind_the_update,
    addon_without_cluster,
    addon_exists,
    addon_version,
)
