"""Who talked to whom in the stack's VPC, kept encrypted for as long as the stack says."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, ec2, iam

from llmctl.infra.aws.flow_log_policy import log_group_name, writer_policy, writer_trust
from llmctl.infra.aws.names import Names

RECORD_SECONDS = 60
"""Of traffic in one record; AWS offers this and ten minutes."""


@dataclass(frozen=True, kw_only=True)
class FlowLogsArgs:
    names: Names
    vpc_id: pulumi.Input[str]
    days: int
    """That records are kept."""

    key: pulumi.Input[str]
    """ARN of the KMS key for CloudWatch logs."""


class FlowLogs(pulumi.ComponentResource):
    """Flow logs of a VPC, their log group, and the role that writes there."""

    def __init__(self, name: str, args: FlowLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:FlowLogs", name, {}, opts)
        self._name, self._args = name, args
        self._purpose = log_group_name(args.names)
        group = self._group()
        role = self._role()
        may_write = self._may_write(role)
        ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=RECORD_SECONDS,
            tags={"Name": self._purpose},
            opts=self._child(may_write),
        )
        self.register_outputs({})

    def _group(self) -> cloudwatch.LogGroup:
        return cloudwatch.LogGroup(
            f"{self._name}-group",
            name=self._purpose,
            retention_in_days=self._args.days,
            kms_key_id=self._args.key,
            opts=self._child(),
        )

    def _role(self) -> iam.Role:
        return iam.Role(
            f"{self._name}-role",
            name=self._purpose,
            description="Writes the flow logs of the stack's VPC",
            assume_role_policy=writer_trust(self._args.names.place),
            opts=self._child(),
        )

    def _may_write(self, role: iam.Role) -> iam.RolePolicy:
        return iam.RolePolicy(
            f"{self._name}-write",
            name="write",
            role=role.name,
            policy=writer_policy(self._args.names.place, self._purpose),
            opts=self._child(),
        )

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after])
