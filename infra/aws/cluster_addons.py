"""Add-ons as resources: those that nodes need before they come, and those that need nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import eks

from llmctl.infra.aws.addons import Addon


@dataclass(frozen=True, kw_only=True)
class ClusterAddonsArgs:
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    addons: Sequence[Addon]
    roles: Mapping[str, pulumi.Input[str]]
    """Add-on -> ARN of the role of its service account."""

    pins: Mapping[str, str] = field(default_factory=dict)
    """Add-on -> version."""

    tags: Mapping[str, str] = field(default_factory=dict)
    after: Sequence[pulumi.Resource] = ()


class ClusterAddons(pulumi.ComponentResource):
    """Add-ons that can come at the same time. Output: `resources`, for what has to come after them."""

    resources: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: ClusterAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:ClusterAddons", name, {}, opts)
        self.resources = [self._addon(f"{name}-{each.name}", each, args) for each in args.addons]
        self.register_outputs({})

    def _addon(self, name: str, addon: Addon, args: ClusterAddonsArgs) -> eks.Addon:
        return eks.Addon(
            name,
            cluster_name=args.cluster_name,
            addon_name=addon.name,
            addon_version=args.pins.get(addon.name) or self._default_version(addon, args),
            configuration_values=addon.configuration_json,
            pod_identity_associations=_association(addon, args),
            # Nobody else writes to them; what somebody has changed by hand is taken back.
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="OVERWRITE",
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
        )

    def _default_version(self, addon: Addon, args: ClusterAddonsArgs) -> pulumi.Output[str]:
        found = eks.get_addon_version_output(
            addon_name=addon.name,
            kubernetes_version=args.kubernetes_version,
            opts=pulumi.InvokeOutputOptions(parent=self),
        )
        return found.version


def _association(addon: Addon, args: ClusterAddonsArgs) -> list[eks.AddonPodIdentityAssociationArgs] | None:
    if addon.service_account is None:
        return None
    role = args.roles[addon.name]
    return [eks.AddonPodIdentityAssociationArgs(role_arn=role, service_account=addon.service_account)]
