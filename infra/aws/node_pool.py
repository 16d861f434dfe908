"""Node groups as resources: their launch templates, and the tags by which the autoscaler knows them while empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import autoscaling, ec2, eks

from llmctl.infra.aws.ami import release_version
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.node_groups import NodeGroup
from llmctl.infra.aws.node_user_data import user_data
from llmctl.infra.aws_settings import CapacityKind

ROOT_DEVICE = "/dev/xvda"
"""Of Amazon Linux 2023: docs.aws.amazon.com/linux/al2023/ug/ec2.html."""

TAGGED = ("instance", "volume", "network-interface")
"""What comes with a node, besides it."""

LONGEST_NAME = 63
"""docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html, nodegroupName."""


@dataclass(frozen=True, kw_only=True)
class NodePoolsArgs:
    names: Names
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    node_role_arn: pulumi.Input[str]
    subnets: Mapping[str, pulumi.Input[str]]
    """Zone -> id of its private subnet."""

    volume_key_arn: pulumi.Input[str]
    groups: Sequence[NodeGroup]
    tags: Mapping[str, str] = field(default_factory=dict)
    """Those of the stack; a provider's default tags end at the launch template, these go on to nodes and disks."""

    after: Sequence[pulumi.Resource] = ()
    """Network and identity add-ons: nodes come up with them and are gone before them."""


class NodePools(pulumi.ComponentResource):
    """Outputs: `names` of the node groups, and `scaling_groups`, their Auto Scaling groups' names, in the order of
    `groups`. `resources`: what needs nodes comes after these.
    """

    names: list[pulumi.Output[str]]
    scaling_groups: list[pulumi.Output[str]]
    resources: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: NodePoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:NodePools", name, {}, opts)
        made = [self._group(f"{name}-{each.name}", each, args) for each in args.groups]
        self.names = [group.node_group_name for group in made]
        self.scaling_groups = [_scaling_group(group) for group in made]
        tags = [
            self._tag(f"{name}-{group.name}", where, tag)
            for group, where in zip(args.groups, self.scaling_groups, strict=True)
            for tag in {**args.tags, **group.template_tags}.items()
        ]
        self.resources = [*made, *tags]
        self.register_outputs({"names": self.names, "scalingGroups": self.scaling_groups})

    def _group(self, name: str, group: NodeGroup, args: NodePoolsArgs) -> eks.NodeGroup:
        template = self._launch_template(name, group, args)
        return eks.NodeGroup(
            name,
            node_group_name=args.names.of(group.name_in_zones, most=LONGEST_NAME),
            cluster_name=args.cluster_name,
            node_role_arn=args.node_role_arn,
            subnet_ids=[args.subnets[zone] for zone in group.zones],
            capacity_type=group.capacity_type,
            ami_type=group.ami_type,
            version=args.kubernetes_version,
            release_version=release_version(args.kubernetes_version),
            launch_template=eks.NodeGroupLaunchTemplateArgs(id=template.id, version=template.latest_version.apply(str)),
            scaling_config=eks.NodeGroupScalingConfigArgs(
                min_size=group.least, desired_size=group.least, max_size=group.most
            ),
            update_config=eks.NodeGroupUpdateConfigArgs(max_unavailable=1),
            node_repair_config=eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            labels=dict(group.labels),
            taints=[
                eks.NodeGroupTaintArgs(key=taint.key, value=taint.value, effect=taint.eks_effect)
                for taint in group.taints
            ],
            tags=dict(args.tags),
            # How many nodes there are is the autoscaler's.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*args.after],
                ignore_changes=["scalingConfig.desiredSize"],
            ),
        )

    def _launch_template(self, name: str, group: NodeGroup, args: NodePoolsArgs) -> ec2.LaunchTemplate:
        """Without security groups: EKS then puts the cluster's own on the nodes."""
        return ec2.LaunchTemplate(
            f"{name}-template",
            name=args.names.of(group.name, most=LONGEST_NAME),
            # In the template, since a capacity block wants it there; a group may have it in one place only.
            instance_type=group.machine_type,
            instance_market_options=_market(group),
            capacity_reservation_specification=_reservation(group),
            block_device_mappings=[_root(group, args.volume_key_arn)],
            metadata_options=ec2.LaunchTemplateMetadataOptionsArgs(
                # One hop: pods get roles by Pod Identity, and none from the node.
                http_endpoint="enabled",
                http_tokens="required",
                http_put_response_hop_limit=1,
            ),
            user_data=user_data(raid=group.disk.raid),
            update_default_version=True,
            tag_specifications=[
                ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=dict(args.tags)) for kind in TAGGED
            ]
            if args.tags
            else None,
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _tag(self, name: str, where: pulumi.Output[str], tag: tuple[str, str]) -> autoscaling.Tag:
        key, value = tag
        return autoscaling.Tag(
            f"{name}-{key}",
            autoscaling_group_name=where,
            tag=autoscaling.TagTagArgs(key=key, value=value, propagate_at_launch=False),
            opts=pulumi.ResourceOptions(parent=self),
        )


def _scaling_group(group: eks.NodeGroup) -> pulumi.Output[str]:
    return group.resources.apply(lambda found: str(found[0].autoscaling_groups[0].name))  # type: ignore[index]


def _root(group: NodeGroup, key_arn: pulumi.Input[str]) -> ec2.LaunchTemplateBlockDeviceMappingArgs:
    return ec2.LaunchTemplateBlockDeviceMappingArgs(
        device_name=ROOT_DEVICE,
        ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_type="gp3",
            volume_size=group.disk.gib,
            iops=group.disk.iops,
            throughput=group.disk.throughput,
            encrypted="true",
            kms_key_id=key_arn,
            delete_on_termination="true",
        ),
    )


def _market(group: NodeGroup) -> ec2.LaunchTemplateInstanceMarketOptionsArgs | None:
    """Spot is said by the group's capacity type; a block has to be said here as well
    (docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html)."""
    if group.kind is not CapacityKind.CAPACITY_BLOCK:
        return None
    return ec2.LaunchTemplateInstanceMarketOptionsArgs(market_type="capacity-block")


def _reservation(group: NodeGroup) -> ec2.LaunchTemplateCapacityReservationSpecificationArgs | None:
    if group.reservation is None:
        return None
    target = ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgs(
        capacity_reservation_id=group.reservation
    )
    return ec2.LaunchTemplateCapacityReservationSpecificationArgs(capacity_reservation_target=target)
