"""Which AWS services the VPC reaches without the internet, and what may pass through each door.

An endpoint's policy grants nothing: it limits what credentials may do through it. Here to this account's own, so that
nobody carries weights or prompts out with keys of another account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from llmctl.infra.aws.place import Place
from llmctl.infra.aws_settings import Nat


@dataclass(frozen=True, kw_only=True)
class Interface:
    """A service with addresses of its own in the private subnets."""

    service: str
    """As in com.amazonaws.REGION.SERVICE."""

    reason: str
    policy: bool = True
    """False: AWS does not say that it takes one."""

    absent: frozenset[str] = frozenset()
    """Regions that do not have it."""


EKS_ABSENT = frozenset({"ap-east-2", "ap-southeast-5", "ap-southeast-7", "mx-central-1"})
"""docs.aws.amazon.com/eks/latest/userguide/vpc-interface-endpoints.html, "Regional Availability", read on 2026-11-24;
of policies it speaks for the EKS API only."""

INTERFACES = (
    Interface(service="ecr.api", reason="nodes ask for a token to pull images"),
    Interface(service="ecr.dkr", reason="nodes pull images; their layers come through S3"),
    Interface(service="sts", reason="pods and nodes ask who they are"),
    Interface(service="kms", reason="objects, volumes and secrets are encrypted with keys of the stack"),
    Interface(service="logs", reason="nodes and pods write logs"),
    Interface(service="eks", reason="whoever works inside the VPC finds the cluster", absent=EKS_ABSENT),
    Interface(
        service="eks-auth",
        reason="the Pod Identity agent asks for pods' credentials",
        policy=False,
        absent=EKS_ABSENT - {"ap-southeast-5"},
    ),
    Interface(service="ec2", reason="the CNI attaches interfaces, the CSI driver volumes"),
    Interface(service="elasticloadbalancing", reason="the load balancer controller registers pods"),
    Interface(service="autoscaling", reason="the autoscaler asks for nodes"),
    # docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html
    Interface(service="ssm", reason="llmctl connect finds a node that answers"),
    Interface(service="ssmmessages", reason="the tunnel of llmctl connect"),
    Interface(service="ec2messages", reason="the SSM agent of a node asks for its work"),
)
"""What a stack calls; the first eight as docs.aws.amazon.com/eks/latest/userguide/private-clusters.html has them."""


INDISPENSABLE = frozenset({"eks-auth"})
"""Of those that some region lacks: without it, no pod gets credentials."""


def interfaces(endpoints: Literal["s3", "all"], nat: Nat, region: str) -> tuple[Interface, ...]:
    """Those that the region has. Without a NAT gateway there is no other way to any of them."""
    wanted = INTERFACES if endpoints == "all" or nat is Nat.NONE else ()
    return tuple(each for each in wanted if region not in each.absent)


def out_of_reach(nat: Nat, region: str) -> tuple[str, ...]:
    """Services that a stack cannot do without and cannot reach: no endpoint in the region, and no NAT gateway."""
    if nat is not Nat.NONE:
        return ()
    return tuple(each.service for each in INTERFACES if each.service in INDISPENSABLE and region in each.absent)


def service_name(place: Place, service: str) -> str:
    return f"com.amazonaws.{place.region}.{service}"


def own_account_only(place: Place) -> str:
    """Policy JSON of an interface: any call, by a principal of this account.

    Resources are all: one endpoint serves all calls of a service, and of most services here some have no resource
    (ecr:GetAuthorizationToken, ec2:Describe…, sts:GetCallerIdentity). What each role may touch its own policy says.
    """
    return _policy([_statement("OwnAccount", ["*"], ["*"], _of_account(place))])


def s3_policy(place: Place, buckets: Iterable[str], nat: Nat) -> str:
    """Policy JSON of the S3 gateway.

    buckets: names of the stack's. Through them and the bucket of ECR's layers, of which AWS signs the addresses
    (docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html), a stack without internet is whole. With a NAT
    gateway the pods may also read what others publish in S3 of the region, as images and weights often are: all
    traffic to S3 takes this door, and without the sentence a download that works from elsewhere would fail here.
    """
    layers = place.bucket(f"prod-{place.region}-starport-layer-bucket")
    own = [arn for name in buckets for arn in (place.bucket(name), f"{place.bucket(name)}/*")]
    statements = [_statement("ImageLayers", ["s3:GetObject"], [f"{layers}/*"])]
    if own:
        statements.insert(0, _statement("OwnBuckets", ["s3:*"], own, _of_account(place)))
    if nat is not Nat.NONE:
        statements.append(_statement("PublicDownloads", ["s3:GetObject"], [f"{place.bucket('*')}/*"]))
    return _policy(statements)


def _of_account(place: Place) -> dict[str, Any]:
    return {"StringEquals": {"aws:PrincipalAccount": place.account}}


def _statement(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    made = {"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": [*actions], "Resource": [*resources]}
    return made | ({"Condition": condition} if condition else {})


def _policy(statements: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})
