"""One KMS key for each purpose of a stack: what is lost with one leak stays small, and each can be refused alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import iam, kms

from llmctl.infra.aws.names import Names
from llmctl.infra.aws.policies.document import text
from llmctl.infra.aws.policies.keys import Purpose, key_policy

TYPE = "llmctl:aws:Keys"
LONGEST_WAIT, SHORTEST_WAIT = 30, 7
"""Days between asking KMS to delete a key and its end; docs.aws.amazon.com/kms/latest/APIReference/
API_ScheduleKeyDeletion.html. It costs nothing while it waits."""


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    names: Names
    log_groups: tuple[str, ...]
    """Names of all log groups of the stack."""

    protect: bool
    make_autoscaling_role: bool
    """The account has no AWSServiceRoleForAutoScaling, or has the one that this stack made: KMS refuses a policy that
    names a role that is not there, and a second one of that name cannot be made."""


class Keys(pulumi.ComponentResource):
    """A key and its alias for each purpose."""

    arns: Mapping[Purpose, pulumi.Output[str]]

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._args = args
        role = self._autoscaling_role(name) if args.make_autoscaling_role else None
        self.arns = {purpose: self._key(name, purpose, role) for purpose in Purpose}
        self.register_outputs({"arns": {purpose.value: arn for purpose, arn in self.arns.items()}})

    def _autoscaling_role(self, name: str) -> iam.ServiceLinkedRole:
        """It is the account's, not the stack's: the account's other groups need it when the stack is gone."""
        return iam.ServiceLinkedRole(
            f"{name}-autoscaling",
            aws_service_name="autoscaling.amazonaws.com",
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )

    def _key(self, name: str, purpose: Purpose, role: iam.ServiceLinkedRole | None) -> pulumi.Output[str]:
        names, protect = self._args.names, self._args.protect
        after = [role] if role is not None and purpose is Purpose.VOLUMES else []
        key = kms.Key(
            f"{name}-{purpose}",
            description=f"llmctl, stack {names.stack}: {purpose}",
            enable_key_rotation=True,
            deletion_window_in_days=LONGEST_WAIT if protect else SHORTEST_WAIT,
            policy=text(key_policy(purpose, names.place, self._args.log_groups)),
            opts=self._kept(after),
        )
        kms.Alias(f"{name}-{purpose}-alias", name=alias(names, purpose), target_key_id=key.key_id, opts=self._kept([]))
        return key.arn

    def _kept(self, after: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        protect = self._args.protect
        return pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect, depends_on=[*after])


def alias(names: Names, purpose: Purpose) -> str:
    return f"alias/{names.of(purpose, most=64)}"
