"""What the control plane and the nodes may do; pods have roles of their own and never a node's."""

from __future__ import annotations

from llmctl.infra.aws.policies.document import Document, Statement, allow, anywhere, document
from llmctl.infra.aws.policies.keys import Purpose
from llmctl.infra.aws.policies.scope import Scope

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def control_plane(scope: Scope) -> Document:
    """docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html, "A custom IAM policy": without load balancers
    of the legacy cloud provider, which the stack never asks for."""
    looks = [
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeInstanceTopology",
        "ec2:DescribeInstances",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeVpcs",
    ]
    own = {"ForAnyValue:StringEquals": {"aws:TagKeys": [f"kubernetes.io/cluster/{scope.cluster}"]}}
    return document(
        anywhere("Look", looks),
        allow("TagNodes", ["ec2:CreateTags"], scope.every("instance"), when=own),
        allow("SecretsKey", ["kms:DescribeKey"], scope.keys[Purpose.CLUSTER]),
    )


def node(scope: Scope, registry: str) -> Document:
    """Joins the cluster, hands credentials to pods, pulls images, and is reached through Session Manager.

    registry: account of EKS's own images in the region. In place of AmazonEKSWorkerNodePolicy,
    AmazonEC2ContainerRegistryPullOnly and AmazonSSMManagedInstanceCore, which say `*` where the API can say which:
    docs.aws.amazon.com/eks/latest/userguide/create-node-role.html allows a custom policy.
    """
    cluster = ["eks-auth:AssumeRoleForPodIdentity", "eks:DescribeCluster"]
    return document(
        anywhere("Look", ["ec2:DescribeInstanceTypes", "ec2:DescribeInstances"]),
        allow("Cluster", cluster, scope.cluster_arn),
        anywhere("RegistryToken", ["ecr:GetAuthorizationToken"]),
        allow("Pull", PULL, [*_own_images(scope), _images_of_eks(scope, registry)]),
        *_session_manager(scope),
    )


def _own_images(scope: Scope) -> list[str]:
    return [scope.repository(name) for name in scope.repositories]


def _images_of_eks(scope: Scope, registry: str) -> str:
    """AWS's repositories for add-ons: their names come with add-on versions, and AWS lets every account pull them."""
    return scope.place.arn("ecr", "repository/*", account=registry)


def _session_manager(scope: Scope) -> list[Statement]:
    """docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html, minimal
    permissions for Session Manager; a node reports on itself only."""
    channels = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    ]
    itself = {"ArnLike": {"ssm:SourceInstanceARN": scope.every("instance")}}
    return [
        anywhere("SessionManager", channels),
        allow("Report", ["ssm:UpdateInstanceInformation"], scope.every("instance"), when=itself),
    ]
