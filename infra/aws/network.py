"""Where a stack's nodes live: a VPC of its own with private subnets, and no more ways out than asked for.

An existing VPC needs no component: nothing is added to it, and `ExistingNetwork` says what there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_aws import ec2

from llmctl.infra.aws.after import after
from llmctl.infra.aws.flow_logs import FlowLogs, FlowLogsArgs
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.subnets import ZoneSubnets, public_zones, subnets, way_out
from llmctl.infra.aws.vpc_endpoints import Endpoints, EndpointsArgs
from llmctl.infra.aws_settings import Nat

ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    names: Names
    cidr: str
    """/16 to /22."""

    zones: tuple[str, ...]
    """Names of two to six, in the order in which they came to the stack: new ones at the end."""

    nat: Nat
    endpoints: Literal["s3", "all"]
    public_balancer: bool
    """Whether a public load balancer needs subnets."""

    buckets: tuple[str, ...]
    """Names of the stack's buckets, which its pods reach through the S3 endpoint."""

    flow_log_days: int
    log_key: pulumi.Input[str]
    """ARN of the KMS key for CloudWatch logs."""


@dataclass(frozen=True, kw_only=True)
class ExistingNetwork:
    """A VPC that others look after, under the names of the component's outputs."""

    vpc_id: str
    cidr: str
    zones: tuple[str, ...]
    private_subnet_ids: Sequence[str]
    public_subnet_ids: Sequence[str]

    @property
    def control_plane_subnet_ids(self) -> Sequence[str]:
        return self.private_subnet_ids


class Network(pulumi.ComponentResource):
    """The stack's own VPC."""

    vpc_id: pulumi.Output[str]
    cidr: str
    zones: tuple[str, ...]
    control_plane_subnet_ids: pulumi.Output[list[str]]
    """The private subnets, as soon as they are there."""

    private_subnet_ids: pulumi.Output[list[str]]
    """One per zone, in the order of `zones`. What uses them comes after all that a node there needs to reach."""

    public_subnet_ids: pulumi.Output[list[str]]
    """Empty where nothing needs one. What uses them comes after their way to the internet."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:Network", name, {}, opts)
        self._name, self._args, self.cidr, self.zones = name, args, args.cidr, args.zones
        wanted = public_zones(args.zones, args.nat, public_balancer=args.public_balancer)
        plan = subnets(args.cidr, args.zones, wanted)
        self._vpc = self._create_vpc()
        self.vpc_id = self._vpc.id
        self._close_default_group()
        flow_logs = FlowLogsArgs(names=args.names, vpc_id=self.vpc_id, days=args.flow_log_days, key=args.log_key)
        FlowLogs(f"{name}-flow-logs", flow_logs, self._child())
        private = {zone.zone: self._subnet("private", zone.zone, zone.private) for zone in plan}
        public = self._public_subnets(plan)
        outside = self._lead_outside(public)
        tables = {zone: self._table("private", zone, subnet) for zone, subnet in private.items()}
        exits = self._lead_out(tables, public, outside)
        doors = self._endpoints((table for table, _ in tables.values()), private.values())
        ways = [joined for _, joined in tables.values()]
        self.control_plane_subnet_ids = _ids(private.values())
        self.private_subnet_ids = after(self.control_plane_subnet_ids, *ways, *exits, *doors)
        self.public_subnet_ids = after(_ids(public.values()), *outside)
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "privateSubnetIds": self.private_subnet_ids,
                "publicSubnetIds": self.public_subnet_ids,
            }
        )

    def _create_vpc(self) -> ec2.Vpc:
        # Names inside the VPC are what the endpoints' private DNS and EKS's private API server are found by.
        return ec2.Vpc(
            self._name,
            cidr_block=self.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._named("vpc"),
            opts=self._child(),
        )

    def _close_default_group(self) -> None:
        """What is in no group of its own reaches nothing, and nothing reaches it."""
        ec2.DefaultSecurityGroup(
            f"{self._name}-default",
            vpc_id=self.vpc_id,
            ingress=[],
            egress=[],
            tags=self._named("default-closed"),
            opts=self._child(),
        )

    def _subnet(self, kind: str, zone: str, cidr: str) -> ec2.Subnet:
        return ec2.Subnet(
            f"{self._name}-{kind}-{zone}",
            vpc_id=self.vpc_id,
            availability_zone=zone,
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags=self._named(f"{kind}-{zone}"),
            opts=self._child(),
        )

    def _public_subnets(self, plan: Iterable[ZoneSubnets]) -> dict[str, ec2.Subnet]:
        return {zone.zone: self._subnet("public", zone.zone, zone.public) for zone in plan if zone.public}

    def _lead_outside(self, public: Mapping[str, ec2.Subnet]) -> list[pulumi.Resource]:
        """Public subnets to the internet; nothing where there are none."""
        if not public:
            return []
        gateway = ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self.vpc_id, tags=self._named("internet"), opts=self._child()
        )
        table = ec2.RouteTable(
            f"{self._name}-public", vpc_id=self.vpc_id, tags=self._named("public"), opts=self._child()
        )
        route = ec2.Route(
            f"{self._name}-public-route",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child(),
        )
        return [route, *(self._join("public", zone, subnet, table) for zone, subnet in public.items())]

    def _table(self, kind: str, zone: str, subnet: ec2.Subnet) -> tuple[ec2.RouteTable, ec2.RouteTableAssociation]:
        table = ec2.RouteTable(
            f"{self._name}-{kind}-{zone}-routes",
            vpc_id=self.vpc_id,
            tags=self._named(f"{kind}-{zone}"),
            opts=self._child(),
        )
        return table, self._join(kind, zone, subnet, table)

    def _join(self, kind: str, zone: str, subnet: ec2.Subnet, table: ec2.RouteTable) -> ec2.RouteTableAssociation:
        return ec2.RouteTableAssociation(
            f"{self._name}-{kind}-{zone}-join", subnet_id=subnet.id, route_table_id=table.id, opts=self._child()
        )

    def _lead_out(
        self,
        tables: Mapping[str, tuple[ec2.RouteTable, ec2.RouteTableAssociation]],
        public: Mapping[str, ec2.Subnet],
        outside: Sequence[pulumi.Resource],
    ) -> list[pulumi.Resource]:
        """Private subnets to the internet through NAT; none of them where there is no NAT."""
        ways = way_out(self.zones, self._args.nat)
        gateways = {zone: self._nat(zone, public[zone], outside) for zone in dict.fromkeys(ways.values())}
        return [
            ec2.Route(
                f"{self._name}-private-{zone}-route",
                route_table_id=tables[zone][0].id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=gateways[through].id,
                opts=self._child(),
            )
            for zone, through in ways.items()
        ]

    def _nat(self, zone: str, subnet: ec2.Subnet, outside: Sequence[pulumi.Resource]) -> ec2.NatGateway:
        # An address can be had only where there is an internet gateway, and goes before it.
        address = ec2.Eip(
            f"{self._name}-nat-{zone}-address",
            domain="vpc",
            tags=self._named(f"nat-{zone}"),
            opts=self._child(*outside),
        )
        return ec2.NatGateway(
            f"{self._name}-nat-{zone}",
            subnet_id=subnet.id,
            allocation_id=address.id,
            tags=self._named(f"nat-{zone}"),
            opts=self._child(*outside),
        )

    def _endpoints(self, tables: Iterable[ec2.RouteTable], private: Iterable[ec2.Subnet]) -> Sequence[pulumi.Resource]:
        args = EndpointsArgs(
            names=self._args.names,
            vpc_id=self.vpc_id,
            cidr=self.cidr,
            subnet_ids=[subnet.id for subnet in private],
            route_table_ids=[table.id for table in tables],
            endpoints=self._args.endpoints,
            nat=self._args.nat,
            buckets=self._args.buckets,
        )
        return Endpoints(f"{self._name}-endpoints", args, self._child()).all

    def _named(self, purpose: str) -> dict[str, str]:
        """Consoles show a VPC's parts by their tag Name; all other tags come from the provider."""
        return {"Name": self._args.names.of(purpose)}

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after])


def _ids(subnets: Iterable[ec2.Subnet]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*(subnet.id for subnet in subnets))
