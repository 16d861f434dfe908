"""What of a stack is still in its account, and what each such thing means for the receipt of a `down`. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from llmctl.infra.receipt import Entry


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that is there."""

    arn: str
    kind: str
    """Service and resource as in an ARN, such as ec2:volume or logs:log-group; see KINDS."""

    made_by: str = ""
    """What made it without being asked, where that is known: vpc-cni, ebs-csi, eks, a load balancer controller."""

    goes_on: str = ""
    """The day on which it goes by itself, such as 2026-12-24; empty: never."""

    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """By what a stack's things are known."""

    name: str
    """Value of the tag llmctl:stack."""

    cluster: str
    """Name of its cluster, by which controllers and the CNI tag what they make."""

    own_cluster: bool = True
    """Off: the cluster is another's, and so is what it makes, unless the stack's own tag says otherwise."""


class Source(Protocol):
    """Answered by an account, and by the store of a rehearsal's double."""

    def things(self, stack: Stack) -> Iterable[Thing]:
        """All that is there of the stack. The same thing may come twice. Raises AccountError's kinds."""
        ...


@dataclass(frozen=True)
class Kind:
    what: str
    bills: bool
    remove: str
    """Command that takes it away, `{id}` and `{arn}` in it."""


KINDS: Mapping[str, Kind] = {
    # Prices: the page of the service below aws.amazon.com; "no charge" is said there or in the user guide.
    "ec2:instance": Kind("instance", True, "aws ec2 terminate-instances --instance-ids {id}"),
    "ec2:volume": Kind("volume", True, "aws ec2 delete-volume --volume-id {id}"),
    "ec2:snapshot": Kind("snapshot", True, "aws ec2 delete-snapshot --snapshot-id {id}"),
    "ec2:natgateway": Kind("NAT gateway", True, "aws ec2 delete-nat-gateway --nat-gateway-id {id}"),
    "ec2:elastic-ip": Kind("public address", True, "aws ec2 release-address --allocation-id {id}"),
    "ec2:vpc-endpoint": Kind("VPC endpoint", True, "aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {id}"),
    "ec2:network-interface": Kind(
        "network interface", False, "aws ec2 delete-network-interface --network-interface-id {id}"
    ),
    "ec2:security-group": Kind("security group", False, "aws ec2 delete-security-group --group-id {id}"),
    "ec2:vpc": Kind("VPC", False, "aws ec2 delete-vpc --vpc-id {id}"),
    "ec2:subnet": Kind("subnet", False, "aws ec2 delete-subnet --subnet-id {id}"),
    "ec2:route-table": Kind("route table", False, "aws ec2 delete-route-table --route-table-id {id}"),
    "ec2:internet-gateway": Kind(
        "internet gateway", False, "aws ec2 delete-internet-gateway --internet-gateway-id {id}"
    ),
    "ec2:launch-template": Kind("launch template", False, "aws ec2 delete-launch-template --launch-template-id {id}"),
    "elasticloadbalancing:loadbalancer": Kind(
        "load balancer", True, "aws elbv2 delete-load-balancer --load-balancer-arn {arn}"
    ),
    "elasticloadbalancing:targetgroup": Kind(
        "target group", False, "aws elbv2 delete-target-group --target-group-arn {arn}"
    ),
    "eks:cluster": Kind("cluster", True, "aws eks delete-cluster --name {id}"),
    "logs:log-group": Kind("log group", True, "aws logs delete-log-group --log-group-name {id}"),
    "kms:key": Kind("key", True, "aws kms schedule-key-deletion --key-id {id}"),
    "s3:bucket": Kind("bucket", True, "aws s3 rb s3://{id} --force"),
    "ecr:repository": Kind("image repository", True, "aws ecr delete-repository --repository-name {id} --force"),
    "iam:role": Kind("role", False, "aws iam delete-role --role-name {id}"),
}

MAKERS: Mapping[str, str] = {
    "vpc-cni": "left by the VPC CNI",
    "ebs-csi": "of a claim",
    "eks": "made by EKS",
    "controller": "made by a controller of the cluster",
}


def entries(things: Iterable[Thing], protected: Collection[str] = ()) -> tuple[Entry, ...]:
    """One entry for each thing, what bills first. `protected`: ARNs that the stack's settings keep."""
    found = {thing.arn: thing for thing in things}
    return tuple(
        sorted(
            (_entry(thing, thing.arn in protected) for thing in found.values()),
            key=lambda entry: (entry.kept, not entry.bills, entry.what, entry.name),
        )
    )


def _entry(thing: Thing, protected: bool) -> Entry:
    kind = KINDS.get(thing.kind)
    what = " ".join(filter(None, (kind.what if kind else thing.kind, MAKERS.get(thing.made_by, thing.made_by))))
    if thing.goes_on:
        return Entry(name=thing.arn, what=what, bills=False, kept=True, note=f"goes by itself on {thing.goes_on}")
    if protected:
        return Entry(name=thing.arn, what=what, bills=True, kept=True, note="protected: llmctl:aws.protect")
    if kind is None:  # it may cost nothing; that is for its owner to say
        return Entry(name=thing.arn, what=what, bills=True, note="llmctl does not know this kind")
    remove = kind.remove.format(id=resource_id(thing.arn), arn=thing.arn)
    return Entry(name=thing.arn, what=what, bills=kind.bills, note=remove)


def kind_of(arn: str) -> str:
    """`arn:aws:ec2:REGION:ACCOUNT:volume/vol-1` is of the kind ec2:volume; a bucket's ARN names no type."""
    _, _, service, _, _, resource = arn.split(":", 5)
    if service == "s3":
        return "s3:bucket"
    return f"{service}:{resource.replace(':', '/').partition('/')[0]}"


def resource_id(arn: str) -> str:
    """What comes after the type. A log group's is its name, slashes and all, without the `:*` that some answers add."""
    resource = arn.split(":", 5)[5].removesuffix(":*")
    if arn.split(":")[2] == "s3":
        return resource
    type_ = min((resource.partition(mark)[0] for mark in "/:" if mark in resource), key=len)
    return resource[len(type_) + 1 :]
