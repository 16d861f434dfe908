"""The doors of the stack's VPC to AWS services: what endpoints.py decides, as resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
from pulumi_aws import ec2, vpc

from llmctl.infra.aws.endpoints import Interface, interfaces, own_account_only, s3_policy, service_name
from llmctl.infra.aws.names import Names
from llmctl.infra.aws_settings import Nat

HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    names: Names
    vpc_id: pulumi.Input[str]
    cidr: str
    """Of the VPC; what is in it may use the interfaces."""

    subnet_ids: Sequence[pulumi.Input[str]]
    """One per zone: each interface gets an address in each, and is paid for by each."""

    route_table_ids: Sequence[pulumi.Input[str]]
    """That lead to S3 through its gateway."""

    endpoints: Literal["s3", "all"]
    nat: Nat
    buckets: tuple[str, ...]
    """Names of the stack's."""


class Endpoints(pulumi.ComponentResource):
    """A gateway to S3, and an interface for each other service."""

    all: tuple[ec2.VpcEndpoint, ...]

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:Endpoints", name, {}, opts)
        self._name, self._args = name, args
        wanted = interfaces(args.endpoints, args.nat, args.names.place.region)
        self.all = (self._s3(), *(self._interfaces(wanted) if wanted else ()))
        self.register_outputs({})

    def _s3(self) -> ec2.VpcEndpoint:
        args = self._args
        return ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=args.vpc_id,
            service_name=service_name(args.names.place, "s3"),
            vpc_endpoint_type="Gateway",
            route_table_ids=args.route_table_ids,
            policy=s3_policy(args.names.place, args.buckets, args.nat),
            tags=self._named("s3"),
            opts=self._child(),
        )

    def _interfaces(self, wanted: Sequence[Interface]) -> list[ec2.VpcEndpoint]:
        group = ec2.SecurityGroup(
            f"{self._name}-group",
            name=self._args.names.of("endpoints"),
            description="HTTPS from the VPC to AWS services",
            vpc_id=self._args.vpc_id,
            tags=self._named("endpoints"),
            opts=self._child(),
        )
        opened = vpc.SecurityGroupIngressRule(
            f"{self._name}-https",
            security_group_id=group.id,
            cidr_ipv4=self._args.cidr,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            description="HTTPS from the VPC",
            opts=self._child(),
        )
        return [self._interface(each, group, opened) for each in wanted]

    def _interface(self, wanted: Interface, group: ec2.SecurityGroup, opened: pulumi.Resource) -> ec2.VpcEndpoint:
        place = self._args.names.place
        return ec2.VpcEndpoint(
            f"{self._name}-{wanted.service.replace('.', '-')}",
            vpc_id=self._args.vpc_id,
            service_name=service_name(place, wanted.service),
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=self._args.subnet_ids,
            security_group_ids=[group.id],
            policy=own_account_only(place) if wanted.policy else None,
            tags=self._named(wanted.service),
            opts=self._child(opened),
        )

    def _named(self, purpose: str) -> Mapping[str, str]:
        return {"Name": self._args.names.of(purpose)}

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after])
