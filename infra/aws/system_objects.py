"""The system's parts as resources in the cluster: there after the nodes they run on, gone before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from llmctl.infra.aws.node_groups import NodeGroup
from llmctl.infra.aws.system import images, parts
from llmctl.infra.aws.system.autoscaler import autoscaler, priorities
from llmctl.infra.aws.system.device_plugin import device_plugin
from llmctl.infra.aws.system.load_balancer_controller import load_balancer_controller
from llmctl.infra.aws.system.parts import Manifest
from llmctl.infra.aws.system.storage_class import storage_class
from llmctl.infra.kubernetes.object import KubernetesObject


@dataclass(frozen=True, kw_only=True)
class SystemObjectsArgs:
    cluster_name: str
    kubernetes_version: str
    region: str
    vpc_id: pulumi.Input[str]
    volume_key_arn: pulumi.Input[str]
    groups: Sequence[NodeGroup]
    scaling_groups: Sequence[pulumi.Input[str]]
    """Names of the Auto Scaling groups of `groups`, in their order."""

    mirrored: Mapping[str, pulumi.Input[str]]
    """Image as its maker publishes it (images.system_images) -> the copy that the cluster pulls."""

    balanced: bool
    """Whether there is a target group whose targets somebody has to register."""

    after: Sequence[pulumi.Resource] = ()


class SystemObjects(pulumi.ComponentResource):
    """Output: `resources`, which what they work on has to come after: a TargetGroupBinding goes while its controller
    is there to take the finalizer off, and nodes with pods on them go while there is an autoscaler."""

    resources: Sequence[pulumi.Resource]

    def __init__(
        self,
        name: str,
        args: SystemObjectsArgs,
        provider: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("llmctl:aws:SystemObjects", name, {}, opts)
        before: Sequence[pulumi.Resource] = args.after
        made: list[pulumi.Resource] = []
        for wave in waves(args):
            before = [self._object(name, manifest, provider, before) for manifest in wave]
            made += before
        self.resources = made
        self.register_outputs({})

    def _object(
        self, name: str, manifest: Manifest, provider: pulumi.ProviderResource, after: Sequence[pulumi.Resource]
    ) -> pulumi.Resource:
        return KubernetesObject(
            f"{name}-{manifest['kind'].lower()}-{manifest['metadata']['name']}",
            manifest,
            pulumi.ResourceOptions(parent=self, provider=provider, depends_on=[*after]),
        )


def waves(args: SystemObjectsArgs) -> list[list[Manifest]]:
    """Accounts and definitions, then rights, then who uses them."""
    scaler = autoscaler(
        image=args.mirrored[images.autoscaler(args.kubernetes_version)],
        cluster_name=args.cluster_name,
        region=args.region,
        order=_order(args),
    )
    nothing: list[list[Manifest]] = [[], [], []]
    controller = _load_balancer_controller(args) if args.balanced else nothing
    first = [parts.closed(), storage_class(key_arn=args.volume_key_arn), _device_plugin(args)]
    return [[parts.namespace()], *(a + b + c for a, b, c in zip(scaler, controller, [first, [], []], strict=True))]


def _order(args: SystemObjectsArgs) -> pulumi.Output[str]:
    ranks = [group.rank for group in args.groups]
    return pulumi.Output.all(*args.scaling_groups).apply(lambda names: priorities(zip(ranks, names, strict=True)))


def _load_balancer_controller(args: SystemObjectsArgs) -> list[list[Manifest]]:
    return load_balancer_controller(
        image=args.mirrored[images.LOAD_BALANCER_CONTROLLER],
        cluster_name=args.cluster_name,
        region=args.region,
        vpc_id=pulumi.Output.concat("--aws-vpc-id=", args.vpc_id),
    )


def _device_plugin(args: SystemObjectsArgs) -> Manifest:
    return device_plugin(image=args.mirrored[images.DEVICE_PLUGIN])
