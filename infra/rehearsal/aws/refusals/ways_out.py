"""How nodes in a subnet reach what they need: routes to the internet, and endpoints of services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llmctl.infra.rehearsal.aws.refusals.cluster import CLUSTER
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, is_named, listed, mapped, referred
from llmctl.infra.rehearsal.aws.refusals.network import ENDPOINT, ROUTE, ROUTE_TABLE, ROUTE_TABLE_ASSOCIATION, SUBNET
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

EVERYWHERE = "0.0.0.0/0"
WAYS = ("natGatewayId", "gatewayId", "transitGatewayId", "vpcPeeringConnectionId", "networkInterfaceId")
"""Targets of a default route. What is behind a transit gateway or an appliance is believed."""


def reaches_internet(request: Request, world: World, subnet: Existing) -> bool:
    return any(
        route.get("destinationCidrBlock", route.get("cidrBlock")) == EVERYWHERE and any(route.get(way) for way in WAYS)
        for route in _routes(request, world, subnet)
    )


def endpoint_services(request: Request, world: World, vpc: object) -> frozenset[str]:
    """The ends of the names of services with an endpoint: s3, ecr.api, eks-auth."""
    start = f"com.amazonaws.{request.region}."
    names = (
        str(one.outputs.get("serviceName")).removeprefix("cn.")
        for one in in_region(request, world, ENDPOINT)
        if one.outputs.get("vpcId") == vpc
    )
    return frozenset(name.removeprefix(start) for name in names if name.startswith(start))


def subnets_of_cluster(request: Request, world: World, name: object) -> list[Existing]:
    clusters = (one for one in in_region(request, world, CLUSTER) if is_named(one, name))
    ids = [subnet for one in clusters for subnet in listed(mapped(one.outputs, "vpcConfig"), "subnetIds")]
    return [subnet for id_ in ids if (subnet := referred(request, world, SUBNET, id_))]


def _routes(request: Request, world: World, subnet: Existing) -> Iterator[Mapping[str, Any]]:
    tables = [
        one.outputs.get("routeTableId")
        for one in in_region(request, world, ROUTE_TABLE_ASSOCIATION)
        if one.outputs.get("subnetId") == subnet.id
    ]
    for table in in_region(request, world, ROUTE_TABLE):
        if table.id in tables:
            yield from (route for route in listed(table.outputs, "routes") if isinstance(route, Mapping))
    for route in in_region(request, world, ROUTE):
        if route.outputs.get("routeTableId") in tables:
            yield route.outputs
