"""What EC2 refuses of a VPC, its subnets, gateways and endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, listed, referred
from llmctl.infra.rehearsal.aws.refusals.rule import refuses
from llmctl.infra.rehearsal.aws.region_data import zones_of
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ADDRESS = "aws:ec2/eip:Eip"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
GATEWAY_ATTACHMENT = "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE_TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"

DOCS = "https://docs.aws.amazon.com"
VPC_CIDRS = f"{DOCS}/vpc/latest/userguide/vpc-cidr-blocks.html"
VPC_QUOTAS = f"{DOCS}/vpc/latest/userguide/amazon-vpc-limits.html"
EC2_ERRORS = f"{DOCS}/AWSEC2/latest/APIReference/errors-overview.html"
CREATE_SUBNET = f"{DOCS}/AWSEC2/latest/APIReference/API_CreateSubnet.html"
NAT_TROUBLES = f"{DOCS}/vpc/latest/userguide/nat-gateway-troubleshooting.html"
INTERFACE_ENDPOINTS = f"{DOCS}/vpc/latest/privatelink/create-interface-endpoint.html"

LARGEST, SMALLEST = 16, 28
"""Prefix lengths, of a VPC and of a subnet."""

MOST_VPCS = 5
MOST_ADDRESSES = 5
"""Of a region, until AWS raises the quota."""


def network(cidr: object) -> IPv4Network | None:
    """As EC2 reads it: host bits are dropped."""
    try:
        return IPv4Network(str(cidr), strict=False)
    except ValueError:
        return None


@refuses(VPC, code="InvalidVpc.Range", documentation=VPC_CIDRS)
def vpc_size(request: Request, _: World) -> str | None:
    cidr = request.inputs.get("cidrBlock")
    ours = network(cidr)
    if cidr is None or (ours and LARGEST <= ours.prefixlen <= SMALLEST):
        return None
    return f"The CIDR '{cidr}' is invalid: a VPC has a netmask between /{LARGEST} and /{SMALLEST}."


@refuses(VPC, code="VpcLimitExceeded", documentation=VPC_QUOTAS)
def vpcs_in_region(request: Request, world: World) -> str | None:
    if len(list(in_region(request, world, VPC))) < MOST_VPCS:
        return None
    return f"The maximum number of VPCs has been reached ({MOST_VPCS} in {request.region})."


@refuses(SUBNET, code="InvalidSubnet.Range", documentation=CREATE_SUBNET)
def subnet_size(request: Request, _: World) -> str | None:
    cidr = request.inputs.get("cidrBlock")
    ours = network(cidr)
    if cidr is None or (ours and LARGEST <= ours.prefixlen <= SMALLEST):
        return None
    return f"The CIDR '{cidr}' is invalid: a subnet has a netmask between /{LARGEST} and /{SMALLEST}."


@refuses(SUBNET, code="InvalidSubnet.Range", documentation=EC2_ERRORS)
def subnet_outside_of_vpc(request: Request, world: World) -> str | None:
    vpc = referred(request, world, VPC, request.inputs.get("vpcId"))
    ours, whole = network(request.inputs.get("cidrBlock")), network(vpc.outputs.get("cidrBlock")) if vpc else None
    if ours is None or whole is None or ours.subnet_of(whole):
        return None
    return f"The CIDR '{ours}' is invalid: it is not in the VPC's {whole}."


@refuses(SUBNET, code="InvalidSubnet.Conflict", documentation=EC2_ERRORS)
def subnets_overlap(request: Request, world: World) -> str | None:
    ours = network(request.inputs.get("cidrBlock"))
    for subnet in subnets_of(request, world, request.inputs.get("vpcId")):
        theirs = network(subnet.outputs.get("cidrBlock"))
        if ours and theirs and ours.overlaps(theirs):
            return f"The CIDR '{ours}' conflicts with another subnet ({subnet.id}, {theirs})."
    return None


@refuses(SUBNET, code="InvalidParameterValue", documentation=CREATE_SUBNET)
def zone_of_another_region(request: Request, _: World) -> str | None:
    zone, zones = request.inputs.get("availabilityZone"), zones_of(request.region)
    if zone is None or not zones or zone in zones:
        return None
    return (
        f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in the "
        f"following availability zones: {', '.join(zones)}."
    )


@refuses(ADDRESS, code="AddressLimitExceeded", documentation=f"{DOCS}/vpc/latest/userguide/vpc-eips.html")
def addresses_in_region(request: Request, world: World) -> str | None:
    if len(list(in_region(request, world, ADDRESS))) < MOST_ADDRESSES:
        return None
    return f"The maximum number of addresses has been reached ({MOST_ADDRESSES} in {request.region})."


@refuses(NAT_GATEWAY, code="Gateway.NotAttached", documentation=NAT_TROUBLES)
def nat_without_internet_gateway(request: Request, world: World) -> str | None:
    subnet = referred(request, world, SUBNET, request.inputs.get("subnetId"))
    if request.inputs.get("connectivityType") == "private" or subnet is None:
        return None
    vpc = subnet.outputs.get("vpcId")
    return None if has_internet_gateway(request, world, vpc) else f"Network {vpc} has no Internet gateway attached."


@refuses(NAT_GATEWAY, code="Resource.AlreadyAssociated", documentation=NAT_TROUBLES)
def nat_address_in_use(request: Request, world: World) -> str | None:
    address = request.inputs.get("allocationId")
    for gateway in in_region(request, world, NAT_GATEWAY):
        if address is not None and gateway.outputs.get("allocationId") == address:
            return f"Elastic IP address [{address}] is already associated with {gateway.id}."
    return None


@refuses(ENDPOINT, code="DuplicateSubnetsInSameZone", documentation=EC2_ERRORS)
def endpoint_twice_in_zone(request: Request, world: World) -> str | None:
    zones = [zone_of(request, world, subnet) for subnet in listed(request.inputs, "subnetIds")]
    twice = sorted({zone for zone in zones if zone and zones.count(zone) > 1})
    return f"Found another subnet of the endpoint in the zone {twice[0]}: one for a zone is allowed." if twice else None


@refuses(ENDPOINT, code="InvalidParameter", documentation=INTERFACE_ENDPOINTS)
def private_name_twice(request: Request, world: World) -> str | None:
    if not request.inputs.get("privateDnsEnabled"):
        return None
    for endpoint in in_region(request, world, ENDPOINT):
        same = all(endpoint.outputs.get(key) == request.inputs.get(key) for key in ("vpcId", "serviceName"))
        if same and endpoint.outputs.get("privateDnsEnabled"):
            return (
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{request.inputs.get('serviceName')} in the VPC {request.inputs.get('vpcId')} (of {endpoint.id})."
            )
    return None


@refuses(ENDPOINT, code="InvalidParameter", documentation=INTERFACE_ENDPOINTS)
def private_name_without_dns(request: Request, world: World) -> str | None:
    vpc = referred(request, world, VPC, request.inputs.get("vpcId"))
    if vpc is None or not request.inputs.get("privateDnsEnabled"):
        return None
    if vpc.outputs.get("enableDnsSupport", True) and vpc.outputs.get("enableDnsHostnames", False):
        return None
    return "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames of the VPC to be true."


@refuses(ENDPOINT, code="InvalidServiceName", documentation=EC2_ERRORS)
def endpoint_service_elsewhere(request: Request, _: World) -> str | None:
    service = str(request.inputs.get("serviceName", ""))
    ours = request.inputs.get("serviceRegion", request.region)
    parts = service.removeprefix("cn.").split(".")
    if parts[:2] != ["com", "amazonaws"] or len(parts) < 4 or parts[2] in (ours, "vpce"):
        return None
    return f"The VPC endpoint service '{service}' does not exist in {ours}."


@refuses(ROUTE, code="RouteAlreadyExists", documentation=EC2_ERRORS)
def route_twice(request: Request, world: World) -> str | None:
    table, destination = request.inputs.get("routeTableId"), request.inputs.get("destinationCidrBlock")
    for route in in_region(request, world, ROUTE):
        same = (route.outputs.get("routeTableId"), route.outputs.get("destinationCidrBlock"))
        if destination and same == (table, destination):
            return f"The route identified by {destination} already exists in {table}."
    return None


@refuses(ROUTE_TABLE_ASSOCIATION, code="Resource.AlreadyAssociated", documentation=EC2_ERRORS)
def second_route_table(request: Request, world: World) -> str | None:
    subnet = request.inputs.get("subnetId")
    for association in in_region(request, world, ROUTE_TABLE_ASSOCIATION):
        if subnet and association.outputs.get("subnetId") == subnet:
            return f"The specified association conflicts with an existing one of {subnet} ({association.id})."
    return None


def subnets_of(request: Request, world: World, vpc: object) -> Iterator[Existing]:
    return (one for one in in_region(request, world, SUBNET) if one.outputs.get("vpcId") == vpc)


def zone_of(request: Request, world: World, subnet: object) -> str | None:
    found = referred(request, world, SUBNET, subnet)
    zone = found.outputs.get("availabilityZone") if found else None
    return zone if isinstance(zone, str) else None


def has_internet_gateway(request: Request, world: World, vpc: object) -> bool:
    gateways = in_region(request, world, INTERNET_GATEWAY, GATEWAY_ATTACHMENT)
    return any(gateway.outputs.get("vpcId") == vpc for gateway in gateways)


RULES = (
    vpc_size,
    vpcs_in_region,
    subnet_size,
    subnet_outside_of_vpc,
    subnets_overlap,
    zone_of_another_region,
    addresses_in_region,
    nat_without_internet_gateway,
    nat_address_in_use,
    endpoint_twice_in_zone,
    private_name_twice,
    private_name_without_dns,
    endpoint_service_elsewhere,
    route_twice,
    second_route_table,
)
