"""What policies of a stack's roles speak about: resources of this stack, in this account and region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llmctl.infra.aws.names import Names
from llmctl.infra.aws.place import Place
from llmctl.infra.aws.policies.document import Conditions
from llmctl.infra.aws.tags import STACK


@dataclass(frozen=True, kw_only=True)
class Scope:
    names: Names
    cluster: str
    """Name of the cluster: the stack's own, or one that it is attached to."""

    vpc_id: str
    repositories: tuple[str, ...]
    """Full names in ECR."""

    log_groups: tuple[str, ...]
    role_purposes: tuple[str, ...]
    """Of all roles of the stack, as they stand in the roles' names."""

    keys: Mapping[str, str]
    """ARNs by purpose (policies.keys.Purpose)."""

    @property
    def place(self) -> Place:
        return self.names.place

    @property
    def cluster_arn(self) -> str:
        return self.place.arn("eks", f"cluster/{self.cluster}")

    @property
    def model_bucket(self) -> str:
        return self.place.bucket(self.names.bucket("models"))

    @property
    def through_s3(self) -> Conditions:
        return {"StringEquals": {"kms:ViaService": f"s3.{self.place.region}.{self.place.dns_suffix}"}}

    def every(self, kind: str) -> str:
        """All of EC2's resources of a kind, in this account and region: a condition has to tell which."""
        return self.place.arn("ec2", f"{kind}/*")

    def repository(self, name: str) -> str:
        return self.place.arn("ecr", f"repository/{name}")

    def log_group(self, name: str) -> list[str]:
        """CloudWatch checks some actions against the group, others against its streams
        (docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html)."""
        arn = self.place.arn("logs", f"log-group:{name}")
        return [arn, f"{arn}:*"]

    @property
    def tagged(self) -> Conditions:
        """What has the stack's tag already."""
        return {"StringEquals": {f"aws:ResourceTag/{STACK}": self.names.stack}}

    @property
    def to_be_tagged(self) -> Conditions:
        """What gets the stack's tag in the same request."""
        return {"StringEquals": {f"aws:RequestTag/{STACK}": self.names.stack}}

    @property
    def in_the_vpc(self) -> Conditions:
        return {"ArnEquals": {"ec2:Vpc": self.place.arn("ec2", f"vpc/{self.vpc_id}")}}
