"""The EKS cluster: its log group, control plane, who may administer it, and the add-ons that nodes need to come up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import cloudwatch, eks

from llmctl.infra.aws.addons import addons
from llmctl.infra.aws.cluster_addons import ClusterAddons, ClusterAddonsArgs

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All there are: docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html."""

ADMIN_POLICY = "cluster-access-policy/AmazonEKSClusterAdminPolicy"
"""docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html."""


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    cluster_name: str
    region: str
    partition: str
    kubernetes_version: str
    role_arn: pulumi.Input[str]
    """Of the control plane."""

    subnet_ids: Sequence[pulumi.Input[str]] | pulumi.Input[Sequence[pulumi.Input[str]]]
    """Private, in at least two zones: where the control plane's interfaces lie."""

    public_cidrs: Sequence[str] = ()
    """Networks that reach the API server from the internet; empty: none does."""

    secrets_key_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]
    log_days: int
    admins: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Name of a resource -> ARN of a role that may administer the cluster, besides the one that makes it."""

    addon_roles: Mapping[str, pulumi.Input[str]]
    """Add-on -> ARN of its role, for those with a service account (addons.py)."""

    addon_pins: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False
    """From deletion, by EKS and by Pulumi: by Pulumi so that a `down` is refused before anything else is gone."""

    tags: Mapping[str, str] = field(default_factory=dict)
    after: Sequence[pulumi.Resource] = ()


class Cluster(pulumi.ComponentResource):
    """Outputs: `cluster_name`, `endpoint`, `certificate_authority` (base64), `security_group_id` (EKS's own, on control
    plane and nodes). `before_nodes`: what nodes have to come after, and be gone before.
    """

    cluster_name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    certificate_authority: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    before_nodes: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:Cluster", name, {}, opts)
        logs = self._log_group(name, args)
        cluster = self._control_plane(name, args, logs)
        access = [self._admin(f"{name}-{who}", cluster, arn, args) for who, arn in args.admins.items()]
        self.before_nodes = [*access, *self._addons(name, cluster, args)]
        self.cluster_name, self.endpoint = cluster.name, cluster.endpoint
        self.certificate_authority = cluster.certificate_authority.data
        self.security_group_id = cluster.vpc_config.cluster_security_group_id
        self.register_outputs(
            {
                "clusterName": self.cluster_name,
                "endpoint": self.endpoint,
                "certificateAuthority": self.certificate_authority,
                "securityGroupId": self.security_group_id,
            }
        )

    def _log_group(self, name: str, args: ClusterArgs) -> cloudwatch.LogGroup:
        """Before the cluster, under the name that EKS would otherwise give one of its own: that one would have no key,
        no retention, and stay behind (docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html)."""
        return cloudwatch.LogGroup(
            f"{name}-logs",
            name=control_plane_log_group(args.cluster_name),
            retention_in_days=args.log_days,
            kms_key_id=args.log_key_arn,
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _control_plane(self, name: str, args: ClusterArgs, logs: pulumi.Resource) -> eks.Cluster:
        return eks.Cluster(
            name,
            name=args.cluster_name,
            version=args.kubernetes_version,
            role_arn=args.role_arn,
            access_config=_access(),
            vpc_config=_network(args),
            encryption_config=eks.ClusterEncryptionConfigArgs(
                provider=eks.ClusterEncryptionConfigProviderArgs(key_arn=args.secrets_key_arn), resources=["secrets"]
            ),
            enabled_cluster_log_types=[*LOG_TYPES],
            # The add-ons are managed ones, from the first moment.
            bootstrap_self_managed_addons=False,
            # Extended support begins by itself and is billed on top; this way EKS upgrades the cluster instead.
            upgrade_policy=eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            deletion_protection=args.protect,
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logs, *args.after], protect=args.protect),
        )

    def _admin(self, name: str, cluster: eks.Cluster, arn: pulumi.Input[str], args: ClusterArgs) -> pulumi.Resource:
        entry = eks.AccessEntry(
            name,
            cluster_name=cluster.name,
            principal_arn=arn,
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return eks.AccessPolicyAssociation(
            f"{name}-policy",
            cluster_name=cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=f"arn:{args.partition}:eks::aws:{ADMIN_POLICY}",
            access_scope=eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _addons(self, name: str, cluster: eks.Cluster, args: ClusterArgs) -> Sequence[pulumi.Resource]:
        first = ClusterAddonsArgs(
            cluster_name=cluster.name,
            kubernetes_version=args.kubernetes_version,
            addons=[each for each in addons(args.region, args.tags) if each.before_nodes],
            roles=args.addon_roles,
            pins=args.addon_pins,
            tags=args.tags,
        )
        return ClusterAddons(f"{name}-addons", first, pulumi.ResourceOptions(parent=self)).resources


def control_plane_log_group(cluster: str) -> str:
    """As EKS itself names it."""
    return f"/aws/eks/{cluster}/cluster"


def _access() -> eks.ClusterAccessConfigArgs:
    """By access entries only. Whoever makes the cluster may administer it: an entry of ours for the caller would change
    with each colleague who deploys."""
    return eks.ClusterAccessConfigArgs(authentication_mode="API", bootstrap_cluster_creator_admin_permissions=True)


def _network(args: ClusterArgs) -> eks.ClusterVpcConfigArgs:
    return eks.ClusterVpcConfigArgs(
        subnet_ids=args.subnet_ids,
        endpoint_private_access=True,
        endpoint_public_access=bool(args.public_cidrs),
        public_access_cidrs=[*args.public_cidrs] or None,
    )


@dataclass(frozen=True, kw_only=True)
class AttachedCluster:
    """A cluster that somebody else looks after, with the outputs of Cluster."""

    cluster_name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    certificate_authority: pulumi.Output[str]
    security_group_id: pulumi.Output[str]


def attached(name: str, opts: pulumi.InvokeOutputOptions) -> AttachedCluster:
    """Of that name in the provider's account and region: an invoke, which fails where there is none.

    The cluster of another stack has a name that follows from the stack's (names.py), so its state need not be read.
    """
    found = eks.get_cluster_output(name=name, opts=opts)
    return AttachedCluster(
        cluster_name=found.name,
        endpoint=found.endpoint,
        certificate_authority=found.certificate_authorities[0].data,
        security_group_id=found.vpc_config.cluster_security_group_id,
    )
