"""How the parts of a stack in AWS hang together: each gets what it needs of those before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import pulumi
import pulumi_aws

from llmctl.infra.aws import firewall_rules, flow_log_policy
from llmctl.infra.aws.addons import Addon, addons, check_pins
from llmctl.infra.aws.cluster import AttachedCluster, Cluster, ClusterArgs, attached, control_plane_log_group
from llmctl.infra.aws.cluster_addons import ClusterAddons, ClusterAddonsArgs
from llmctl.infra.aws.decide import DecidedInAccount
from llmctl.infra.aws.door import cluster_name
from llmctl.infra.aws.endpoint_access import public_cidrs
from llmctl.infra.aws.guard import aws_of
from llmctl.infra.aws.identity import Identity, IdentityArgs
from llmctl.infra.aws.kubeconfig import Endpoint, kubeconfig, this_llmctl
from llmctl.infra.aws.load_balancer import LoadBalancer, LoadBalancerArgs
from llmctl.infra.aws.lookups import Lookups
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.network import ExistingNetwork, Network, NetworkArgs
from llmctl.infra.aws.node_pool import NodePools, NodePoolsArgs
from llmctl.infra.aws.place import Place
from llmctl.infra.aws.pod_identities import PodIdentities, PodIdentitiesArgs
from llmctl.infra.aws.policies.keys import Purpose
from llmctl.infra.aws.storage import ACCESS_LOGS, MODELS, Storage, StorageArgs, repository_name
from llmctl.infra.aws.system.images import system_images
from llmctl.infra.aws.system_objects import SystemObjects, SystemObjectsArgs
from llmctl.infra.aws.tags import tags
from llmctl.infra.aws.target_group_binding import bound
from llmctl.infra.kubernetes.access import namespace
from llmctl.infra.kubernetes.components import Stack
from llmctl.infra.kubernetes.object import ClusterProvider, cluster_provider
from llmctl.infra.kubernetes.program import patience
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.gateway.spec import GatewaySpec
from llmctl.serving.images.reference import parse_reference
from llmctl.serving.manifests.services import GATEWAY
from llmctl.serving.manifests.stack import waves

ACCESS_LOG_DAYS = 90
"""As long as flow logs and the control plane's logs by default, so that an incident is seen from all sides."""


class Composition:
    """The parts of one stack. Each is declared when it is first needed, so that the order follows from the needs."""

    def __init__(
        self, settings: StackSettings, context: StackContext, provider: pulumi_aws.Provider, lookups: Lookups
    ) -> None:
        self._settings, self._stack, self._lookups = settings, context.stack, lookups
        self._aws, self._namespace = aws_of(settings), namespace(settings, context)
        self._opts = pulumi.ResourceOptions(provider=provider)
        self._names = Names(context.stack, Place(account=self._aws.account, region=self._aws.region))
        self._cluster_name = cluster_name(self._aws, context.stack)
        self._own_cluster = self._aws.eks.attach is None
        self._target_group = _Later() if self._aws.load_balancer else None
        """The roles of pods come before the load balancer, and one of them names its target group."""

    def compose(self, decided: DecidedInAccount, hub_token: pulumi.Output[str] | None) -> None:
        """Everything; the cluster's objects come last and go first."""
        before = self._nodes(decided) if self._own_cluster else []
        cluster = self._cluster_provider()
        system = self._system(decided, cluster, before) if self._own_cluster else []
        spec = decided.inside.spec
        objects = waves(spec, hub_token=hub_token)
        if self._balancer is not None:
            objects = bound(objects, GATEWAY, self._balancer.target_group_arn, self.network.vpc_id)
        Stack(cluster, patience(spec), spec.stack).register(objects, after=[*before, *system])
        pulumi.export("cluster", self._cluster.cluster_name)
        pulumi.export("modelBucket", self._storage.model_bucket)
        if self._aws.load_balancer:
            pulumi.export("endpoint", f"https://{self._aws.load_balancer.domain}")

    @cached_property
    def network(self) -> Network | ExistingNetwork:
        asked = self._aws.network
        if asked.existing:
            private = self._lookups.zones_of(asked.existing.private_subnets)
            return ExistingNetwork(
                vpc_id=asked.existing.vpc_id,
                cidr=self._lookups.vpc_cidr(asked.existing),
                zones=tuple(private),
                private_subnet_ids=tuple(private.values()),
                public_subnet_ids=asked.existing.public_subnets,
            )
        args = NetworkArgs(
            names=self._names,
            cidr=asked.cidr,
            zones=asked.zones or self._lookups.zones(),
            nat=asked.nat,
            endpoints=asked.endpoints,
            public_balancer=self._public,
            buckets=(self._names.bucket(MODELS), self._names.bucket(ACCESS_LOGS)),
            flow_log_days=asked.flow_log_days,
            log_key=self._storage.keys[Purpose.LOGS],
        )
        return Network("network", args, self._opts)

    @property
    def _public(self) -> bool:
        return self._aws.load_balancer is not None and self._aws.load_balancer.public

    @cached_property
    def _storage(self) -> Storage:
        args = StorageArgs(
            names=self._names,
            repositories=tuple(parse_reference(each).repository for each in self._system_images),
            log_groups=self._log_groups,
            log_days=ACCESS_LOG_DAYS,
            public_load_balancer=self._public,
            protect=self._aws.protect,
            make_autoscaling_role=self._own_cluster and self._lookups.makes_autoscaling_role(self._stack),
        )
        return Storage("storage", args, self._opts)

    @property
    def _system_images(self) -> Sequence[str]:
        return system_images(self._aws.eks.version) if self._own_cluster else ()

    @property
    def _log_groups(self) -> tuple[str, ...]:
        return (
            flow_log_policy.log_group_name(self._names),
            control_plane_log_group(self._cluster_name),
            firewall_rules.log_group_name(self._names),
        )

    @cached_property
    def _identity(self) -> Identity:
        asked = self._aws
        args = IdentityArgs(
            names=self._names,
            cluster=self._cluster_name,
            own_cluster=self._own_cluster,
            namespace=self._namespace,
            vpc_id=self.network.vpc_id,
            keys=self._storage.keys,
            repositories=tuple(
                repository_name(self._names, parse_reference(each).repository) for each in self._system_images
            ),
            log_groups=self._log_groups,
            target_group_arn=self._target_group.output if self._target_group else None,
            hosted_zone=asked.load_balancer.hosted_zone if asked.load_balancer else None,
            admins=asked.eks.admins,
            pipelines=asked.pipelines,
            make_issuers=self._lookups.makes_issuers(self._stack, {each.issuer for each in asked.pipelines}),
        )
        return Identity("identity", args, self._opts)

    @cached_property
    def _cluster(self) -> Cluster | AttachedCluster:
        asked = self._aws.eks
        if not self._own_cluster:
            return attached(self._cluster_name, pulumi.InvokeOutputOptions(provider=self._opts.provider))
        check_pins(asked.addon_versions, self._addons)
        if self._identity.cluster_role is None:
            raise ValueError("an own cluster without a role")
        admins: dict[str, pulumi.Input[str]] = {
            f"admin-{number}": arn for number, arn in enumerate(asked.admins, start=1)
        }
        if self._identity.deployer_role is not None:
            admins["deployer"] = self._identity.deployer_role
        args = ClusterArgs(
            cluster_name=self._cluster_name,
            region=self._aws.region,
            partition=self._names.place.partition,
            kubernetes_version=asked.version,
            role_arn=self._identity.cluster_role,
            subnet_ids=self.network.control_plane_subnet_ids,
            public_cidrs=public_cidrs(asked.public_cidrs),
            secrets_key_arn=self._storage.keys[Purpose.CLUSTER],
            log_key_arn=self._storage.keys[Purpose.LOGS],
            log_days=asked.log_days,
            admins=admins,
            addon_roles=self._identity.addon_roles,
            addon_pins=asked.addon_versions,
        )
        return Cluster("cluster", args, self._opts)

    @cached_property
    def _addons(self) -> tuple[Addon, ...]:
        return addons(self._aws.region, tags(self._aws, self._stack))

    def _nodes(self, decided: DecidedInAccount) -> Sequence[pulumi.Resource]:
        """Node groups, then the add-ons that need nodes, and the roles of pods."""
        if not isinstance(self._cluster, Cluster) or self._identity.node_role is None:
            raise ValueError("nodes for a cluster of others")
        self._pools = NodePools(
            "nodes",
            NodePoolsArgs(
                names=self._names,
                cluster_name=self._cluster.cluster_name,
                kubernetes_version=self._aws.eks.version,
                node_role_arn=self._identity.node_role,
                subnets=self._subnets,
                volume_key_arn=self._storage.keys[Purpose.VOLUMES],
                groups=decided.groups,
                tags=tags(self._aws, self._stack),
                after=self._cluster.before_nodes,
            ),
            self._opts,
        )
        late = ClusterAddonsArgs(
            cluster_name=self._cluster.cluster_name,
            kubernetes_version=self._aws.eks.version,
            addons=[each for each in self._addons if not each.before_nodes],
            roles=self._identity.addon_roles,
            pins=self._aws.eks.addon_versions,
            after=self._pools.resources,
        )
        return [*self._pools.resources, *ClusterAddons("addons", late, self._opts).resources, *self._roles_of_pods()]

    def _roles_of_pods(self) -> Sequence[pulumi.Resource]:
        if not isinstance(self._cluster, Cluster):
            raise ValueError("the add-ons of a cluster of others")
        args = PodIdentitiesArgs(
            cluster_name=self._cluster.cluster_name,
            roles=self._identity.pod_roles,
            after=self._cluster.before_nodes,
        )
        return PodIdentities("pods", args, self._opts).ready

    @property
    def _subnets(self) -> Mapping[str, pulumi.Input[str]]:
        """By zone."""
        ids, zones = self.network.private_subnet_ids, self.network.zones
        if isinstance(ids, pulumi.Output):
            return {zone: ids[at] for at, zone in enumerate(zones)}
        return dict(zip(zones, ids, strict=True))

    @cached_property
    def _balancer(self) -> LoadBalancer | None:
        asked, spec = self._aws.load_balancer, self._settings.resolved()
        if asked is None:
            return None
        args = LoadBalancerArgs(
            names=self._names,
            public=asked.public,
            domain=asked.domain,
            hosted_zone=asked.hosted_zone,
            certificate=asked.certificate,
            vpc_id=self.network.vpc_id,
            cidr=self.network.cidr,
            subnet_ids=self.network.public_subnet_ids if asked.public else self.network.private_subnet_ids,
            pods_group=self._cluster.security_group_id,
            pods_port=GatewaySpec.port,
            drain_seconds=spec.graceful_seconds,
            requests_per_five_minutes=asked.requests_per_five_minutes,
            log_bucket=self._storage.log_bucket,
            log_days=self._aws.network.flow_log_days,
            log_key=self._storage.keys[Purpose.LOGS],
            deletion_protection=False,  # nothing is lost with it, and `down` would stop at it
        )
        balancer = LoadBalancer("endpoint", args, self._opts)
        if self._target_group:
            self._target_group.is_now(balancer.target_group_arn)
        return balancer

    def _cluster_provider(self) -> ClusterProvider:
        """No token in it, and an identifier that stays the same whatever the address."""
        cluster, command = self._cluster, this_llmctl()
        text = pulumi.Output.all(cluster.cluster_name, cluster.endpoint, cluster.certificate_authority).apply(
            lambda known: json.dumps(
                kubeconfig(
                    Endpoint(cluster=known[0], address=known[1], certificate_authority=known[2]),
                    region=self._aws.region,
                    profile=self._aws.profile,
                    command=command,
                )
            )
        )
        return cluster_provider(
            "cluster-objects",
            kubeconfig=text,
            context=self._cluster_name,
            cluster_identifier=self._names.place.arn("eks", f"cluster/{self._cluster_name}"),
        )

    def _system(
        self, decided: DecidedInAccount, cluster: ClusterProvider, after: Sequence[pulumi.Resource]
    ) -> Sequence[pulumi.Resource]:
        args = SystemObjectsArgs(
            cluster_name=self._cluster_name,
            kubernetes_version=self._aws.eks.version,
            region=self._aws.region,
            vpc_id=self.network.vpc_id,
            volume_key_arn=self._storage.keys[Purpose.VOLUMES],
            groups=decided.groups,
            scaling_groups=self._pools.scaling_groups,
            mirrored=self._mirrored,
            balanced=self._aws.load_balancer is not None,
            after=after,
        )
        return SystemObjects("system", args, cluster, self._opts).resources

    @property
    def _mirrored(self) -> Mapping[str, pulumi.Input[str]]:
        """Image as its maker publishes it -> its copy in the stack's own registry."""
        parsed = {each: parse_reference(each) for each in self._system_images}
        urls = self._storage.repositories
        return {
            each: pulumi.Output.concat(urls[reference.repository], ":", str(reference.tag))
            for each, reference in parsed.items()
        }


class _Later:
    """An output that is known only when something else has been declared. Until then Pulumi waits for it, so there is
    one only where there will be that something."""

    def __init__(self) -> None:
        self.output: pulumi.Output[str]
        self.is_now: Callable[[pulumi.Output[str]], None]
        self.output, self.is_now = pulumi.deferred_output()
