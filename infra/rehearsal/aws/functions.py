"""Answers to the functions that a program asks, from the store and from region_data.json."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from llmctl.infra.aws.place import Place
from llmctl.infra.rehearsal.aws import region_data
from llmctl.infra.rehearsal.cloud.errors import Rejected
from llmctl.infra.rehearsal.cloud.package import Home
from llmctl.infra.rehearsal.cloud.request import Existing, World

Arguments = Mapping[str, Any]
Answer = dict[str, Any]


def call(token: str, arguments: Arguments, home: Home, world: World) -> Answer:
    """Raises Rejected for a function that the double does not know, and for what is not there."""
    function = FUNCTIONS.get(token)
    if function is None:
        raise Rejected(f"the double of pulumi-aws does not know the function {token}; it knows {', '.join(FUNCTIONS)}")
    region = str(arguments.get("region") or home.region)
    return function(arguments, Place(account=home.account, region=region), world)


def _caller(arguments: Arguments, place: Place, world: World) -> Answer:  # noqa: ARG001
    arn = place.arn("sts", "assumed-role/rehearsal/rehearsal", region="")
    return {"id": place.account, "accountId": place.account, "arn": arn, "userId": "AROAREHEARSAL:rehearsal"}


def _partition(arguments: Arguments, place: Place, world: World) -> Answer:  # noqa: ARG001
    reverse = ".".join(reversed(place.dns_suffix.split(".")))
    return {
        "id": place.partition,
        "partition": place.partition,
        "dnsSuffix": place.dns_suffix,
        "reverseDnsPrefix": reverse,
    }


def _region(arguments: Arguments, place: Place, world: World) -> Answer:  # noqa: ARG001
    name = place.region
    return {"id": name, "name": name, "region": name, "endpoint": f"ec2.{name}.{place.dns_suffix}"}


def _zones(arguments: Arguments, place: Place, world: World) -> Answer:  # noqa: ARG001
    names = list(region_data.zones_of(place.region))
    if not names:
        raise Rejected(f"there is no data about zones of {place.region}")
    return {"id": place.region, "region": place.region, "names": names, "groupNames": [place.region]}


def _offerings(arguments: Arguments, place: Place, world: World) -> Answer:  # noqa: ARG001
    wanted = [value for each in arguments.get("filters") or () for value in each["values"]]
    found = [(type_, zone) for type_ in wanted for zone in sorted(region_data.offered_in(type_, place.region) or ())]
    by_zone = arguments.get("locationType") == "availability-zone"
    pairs = found if by_zone else sorted({(type_, place.region) for type_, _ in found})
    return {
        "id": place.region,
        "region": place.region,
        "instanceTypes": [type_ for type_, _ in pairs],
        "locations": [where for _, where in pairs],
        "locationTypes": [arguments.get("locationType", "region") for _ in pairs],
    }


def _machine(arguments: Arguments, place: Place, world: World) -> Answer:  # noqa: ARG001
    type_ = str(arguments["instanceType"])
    vcpus = region_data.vcpus_of_machines().get(type_)
    if vcpus is None:
        raise Rejected(f"reading EC2 Instance Type ({type_}): InvalidInstanceType: it does not exist")
    return {"id": type_, "instanceType": type_, "defaultVcpus": vcpus, "region": place.region}


def _there(type_: str, argument: str) -> Callable[[Arguments, Place, World], Answer]:
    """Of something that the store has."""

    def answer(arguments: Arguments, place: Place, world: World) -> Answer:
        id_ = str(arguments.get(argument) or "")
        found = world.find(type_, id_) or _named(world, type_, str(arguments.get("name") or ""))
        if found is None or found.account != place.account:
            raise Rejected(f"no matching {type_} found: {id_ or arguments.get('name')}")
        return {**found.outputs, "id": found.id}

    return answer


def _named(world: World, type_: str, name: str) -> Existing | None:
    return next((each for each in world.of_type(type_) if name and each.inputs.get("name") == name), None)


def _roles(arguments: Arguments, place: Place, world: World) -> Answer:
    """Of the account, below a path, whose names match."""
    start, pattern = str(arguments.get("pathPrefix") or "/"), re.compile(str(arguments.get("nameRegex") or ""))
    every = [
        each.outputs
        for each in world.of_type("aws:iam/role:Role", "aws:iam/serviceLinkedRole:ServiceLinkedRole")
        if each.account == place.account
    ]
    found = [
        role for role in every if str(role.get("path", "/")).startswith(start) and pattern.search(str(role["name"]))
    ]
    return {
        "id": place.region,
        "region": place.region,
        "names": [role["name"] for role in found],
        "arns": [role["arn"] for role in found],
    }


def _role(arguments: Arguments, place: Place, world: World) -> Answer:
    name = str(arguments["name"])
    for each in world.of_type("aws:iam/role:Role", "aws:iam/serviceLinkedRole:ServiceLinkedRole"):
        if each.account == place.account and each.outputs.get("name") == name:
            return {**each.outputs, "tags": each.outputs.get("tagsAll") or {}, "id": name}
    raise Rejected(f"reading IAM Role ({name}): NoSuchEntity: The role with name {name} cannot be found.")


def _issuer(arguments: Arguments, place: Place, world: World) -> Answer:
    url = str(arguments.get("url") or "")
    for each in world.of_type("aws:iam/openIdConnectProvider:OpenIdConnectProvider"):
        if each.account == place.account and each.inputs.get("url") == url:
            return {**each.outputs, "tags": each.outputs.get("tagsAll") or {}, "id": each.id}
    raise Rejected(f"finding IAM OIDC Provider by url ({url}): not found")


ADDON_VERSION = "v1.0.0-eksbuild.1"
"""The double's own: which build is the default is AWS's to say, and it says so to accounts only."""
OF_KUBERNETES = "kube-proxy"
"""Its versions are those of Kubernetes."""


def _addon(arguments: Arguments, place: Place, world: World) -> Answer:  # noqa: ARG001
    name, kubernetes = str(arguments["addonName"]), str(arguments["kubernetesVersion"])
    return {
        "id": name,
        "region": place.region,
        "addonName": name,
        "kubernetesVersion": kubernetes,
        "version": f"v{kubernetes}.0-eksbuild.1" if name == OF_KUBERNETES else ADDON_VERSION,
    }


FUNCTIONS: Mapping[str, Callable[[Arguments, Place, World], Answer]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": _offerings,
    "aws:ec2/getInstanceType:getInstanceType": _machine,
    "aws:ec2/getVpc:getVpc": _there("aws:ec2/vpc:Vpc", "id"),
    "aws:ec2/getSubnet:getSubnet": _there("aws:ec2/subnet:Subnet", "id"),
    "aws:eks/getCluster:getCluster": _there("aws:eks/cluster:Cluster", "name"),
    "aws:eks/getAddonVersion:getAddonVersion": _addon,
    "aws:iam/getRoles:getRoles": _roles,
    "aws:iam/getRole:getRole": _role,
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": _issuer,
    "aws:route53/getZone:getZone": _there("aws:route53/zone:Zone", "zoneId"),
}
