"""What the controllers of the cluster may do: less than the policies that AWS keeps for them."""

from __future__ import annotations

from llmctl.infra.aws.policies.document import Document, Statement, allow, anywhere, document
from llmctl.infra.aws.policies.keys import USE, Purpose
from llmctl.infra.aws.policies.scope import Scope


def autoscaler(scope: Scope) -> Document:
    """github.com/kubernetes/autoscaler cluster-autoscaler/cloudprovider/aws/README.md, "IAM Policy"; groups of nodes
    are EKS's, which calls them eks-..., and carry the stack's tag."""
    groups = scope.place.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/eks-*")
    looks = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:DescribeTags",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    sizes = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    node_groups = scope.place.arn("eks", f"nodegroup/{scope.cluster}/*/*")
    return document(
        anywhere("Look", looks),
        allow("NodeGroups", ["eks:DescribeNodegroup"], node_groups),
        allow("Size", sizes, groups, when=scope.tagged),
    )


def load_balancer_controller(target_group_arn: str) -> Document:
    """For TargetGroupBinding alone: it makes no load balancer, no target group and no rule of a security group.

    kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/, "IAM permission subset for
    those who use TargetGroupBinding only"; what changes a target group is left out, that one is Pulumi's.
    """
    looks = [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
    ]
    binds = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
    return document(anywhere("Look", looks), allow("Bind", binds, target_group_arn))


def vpc_cni(scope: Scope) -> Document:
    """github.com/aws/amazon-vpc-cni-k8s docs/iam-policy.md, "Scope-down IAM policy per EKS cluster"."""
    name = "cluster.k8s.amazonaws.com/name"
    asked = {"StringEquals": {f"aws:RequestTag/{name}": scope.cluster}}
    ours = {"StringEquals": {f"aws:ResourceTag/{name}": scope.cluster}}
    interface, instance = scope.every("network-interface"), scope.every("instance")
    attach = ["ec2:AttachNetworkInterface", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"]
    addresses = ["ec2:AssignPrivateIpAddresses", "ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"]
    looks = [
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeTags",
    ]
    return document(
        anywhere("Look", looks),
        allow("Make", ["ec2:CreateNetworkInterface", "ec2:CreateTags"], interface, when=asked),
        allow(
            "MakeInTheVpc",
            ["ec2:CreateNetworkInterface"],
            [scope.every("subnet"), scope.every("security-group")],
            when=scope.in_the_vpc,
        ),
        allow("Own", [*addresses, *attach], interface, when=ours),
        allow("AttachToNodes", attach, instance, when=scope.tagged),
        allow(
            "GroupsOfTheVpc",
            ["ec2:ModifyNetworkInterfaceAttribute"],
            scope.every("security-group"),
            when=scope.in_the_vpc,
        ),
    )


def ebs_csi(scope: Scope) -> Document:
    """Volumes of claims; the driver gives each the stack's tags (its extraVolumeTags). There are no snapshots.

    docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverPolicyV2.html, held to one stack.
    """
    volume, instance = scope.every("volume"), scope.every("instance")
    looks = [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeSnapshots",
        "ec2:DescribeVolumeStatus",
        "ec2:DescribeVolumes",
        "ec2:DescribeVolumesModifications",
    ]
    attach = ["ec2:AttachVolume", "ec2:DetachVolume"]
    at_creation = {"StringEquals": {**scope.to_be_tagged["StringEquals"], "ec2:CreateAction": "CreateVolume"}}
    return document(
        anywhere("Look", looks),
        allow("Make", ["ec2:CreateVolume"], volume, when=scope.to_be_tagged),
        allow("TagWhenMade", ["ec2:CreateTags"], volume, when=at_creation),
        allow("Own", [*attach, "ec2:DeleteVolume", "ec2:ModifyVolume"], volume, when=scope.tagged),
        allow("AttachToNodes", attach, instance, when=scope.tagged),
        *_disk_key(scope),
    )


def _disk_key(scope: Scope) -> list[Statement]:
    """docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html, on keys of one's own."""
    key = scope.keys[Purpose.VOLUMES]
    grants = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
    for_ec2 = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return [allow("Key", USE, key), allow("KeyWhileAttached", grants, key, when=for_ec2)]
