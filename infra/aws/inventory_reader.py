"""What of a stack is in its account: by the stack's tag, and by the marks of what makes things without being asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from llmctl.infra.aws.api import Api
from llmctl.infra.aws.inventory import Stack, Thing, kind_of
from llmctl.infra.aws.place import Place
from llmctl.infra.aws.tags import STACK
from llmctl.infra.errors import NotInAccount

CNI_CLUSTER = "cluster.k8s.amazonaws.com/name"
"""On interfaces of the VPC CNI; github.com/aws/amazon-vpc-cni-k8s, CLUSTER_NAME in its README."""

BALANCER_CLUSTER = "elbv2.k8s.aws/cluster"
"""On what the AWS Load Balancer Controller makes; its documentation, "Resource tags"."""

OWNED = "kubernetes.io/cluster/{}"
"""On volumes of the EBS CSI driver (--k8s-tag-cluster-id) and on balancers of the in-tree controller."""

LOG_GROUPS = ("/aws/eks/{}/", "/aws/containerinsights/{}/")
"""docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html, and
docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference.html."""

RUNNING = ["pending", "running", "stopping", "stopped"]

CHECKED = {"ec2:instance", "ec2:volume", "ec2:snapshot", "ec2:network-interface", "ec2:natgateway", "logs:log-group"}
"""Are asked of their own service, which knows at once what is gone; the index of tags learns it later."""


@dataclass(frozen=True)
class AccountInventory:
    """Answers Source."""

    api: Api
    place: Place

    def things(self, stack: Stack) -> Iterator[Thing]:
        for key, values in _marks(stack):
            yield from self._tagged(key, values)
            yield from self._computing({"Name": f"tag:{key}", "Values": values})
        if stack.own_cluster:
            yield from self._interfaces({"Name": f"tag:{CNI_CLUSTER}", "Values": [stack.cluster]}, "vpc-cni")
            yield from self._log_groups(stack.cluster)

    def _tagged(self, key: str, values: list[str]) -> Iterator[Thing]:
        pages = self.api.pages(
            "resourcegroupstaggingapi",
            "get_resources",
            "ResourceTagMappingList",
            TagFilters=[{"Key": key, "Values": values}],
        )
        for each in pages:
            arn, tags = each["ResourceARN"], _tags(each["Tags"])
            if kind_of(arn) == "kms:key":
                yield from self._key(arn, tags)
            elif kind_of(arn) not in CHECKED:
                yield Thing(arn=arn, kind=kind_of(arn), made_by="" if STACK in tags else "controller", tags=tags)

    def _key(self, arn: str, tags: Mapping[str, str]) -> Iterator[Thing]:
        with suppress(NotInAccount):
            key = self.api.ask("kms", "describe_key", KeyId=arn)["KeyMetadata"]
            goes = key.get("DeletionDate")
            yield Thing(arn=arn, kind="kms:key", goes_on=f"{goes:%Y-%m-%d}" if goes else "", tags=tags)

    def _computing(self, mark: dict[str, Any]) -> Iterator[Thing]:
        """What costs most is asked for itself."""
        running = {"Name": "instance-state-name", "Values": RUNNING}
        for reservation in self.api.pages("ec2", "describe_instances", "Reservations", Filters=[mark, running]):
            yield from self._found("instance", "InstanceId", reservation["Instances"])
        volumes = self.api.pages("ec2", "describe_volumes", "Volumes", Filters=[mark])
        yield from self._found("volume", "VolumeId", volumes, claims=True)
        snapshots = self.api.pages("ec2", "describe_snapshots", "Snapshots", Filters=[mark], OwnerIds=["self"])
        yield from self._found("snapshot", "SnapshotId", snapshots)
        there = {"Name": "state", "Values": ["pending", "available", "deleting"]}
        gateways = self.api.pages("ec2", "describe_nat_gateways", "NatGateways", Filters=[mark, there])
        yield from self._found("natgateway", "NatGatewayId", gateways)
        yield from self._interfaces(mark, "")

    def _interfaces(self, mark: dict[str, Any], made_by: str) -> Iterator[Thing]:
        found = self.api.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=[mark])
        for each in found:
            yield from self._found("network-interface", "NetworkInterfaceId", [each], made_by=made_by, tags="TagSet")

    def _found(
        self, type_: str, id_: str, found: Iterable[Any], *, made_by: str = "", claims: bool = False, tags: str = "Tags"
    ) -> Iterator[Thing]:
        for each in found:
            own = _tags(each.get(tags) or ())
            of_claim = claims and any(key.startswith("kubernetes.io/created-for/") for key in own)
            arn = self.place.arn("ec2", f"{type_}/{each[id_]}")
            yield Thing(arn=arn, kind=f"ec2:{type_}", made_by="ebs-csi" if of_claim else made_by, tags=own)

    def _log_groups(self, cluster: str) -> Iterator[Thing]:
        """EKS makes its own anew when something is logged after it was deleted."""
        for prefix in LOG_GROUPS:
            found = self.api.pages(
                "logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix.format(cluster)
            )
            for each in found:
                arn = each["arn"].removesuffix(":*")
                yield Thing(arn=arn, kind="logs:log-group", made_by="eks")


def _marks(stack: Stack) -> Iterator[tuple[str, list[str]]]:
    yield STACK, [stack.name]
    if stack.own_cluster:
        yield BALANCER_CLUSTER, [stack.cluster]
        yield OWNED.format(stack.cluster), ["owned"]


def _tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in tags}
