"""API actions whose permission cannot name a resource: for them alone a policy says `*`.

Each was looked up in AWS's service authorization reference, June 2026, where the column of resource types is empty:
docs.aws.amazon.com/service-authorization/latest/reference/list_PAGE.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_{page}.html"
PAGES: Mapping[str, str] = {
    "acm": "awscertificatemanager",
    "autoscaling": "amazonec2autoscaling",
    "ec2": "amazonec2",
    "ecr": "amazonelasticcontainerregistry",
    "eks": "amazonelastickubernetesservice",
    "elasticloadbalancing": "awselasticloadbalancingv2",
    "kms": "awskeymanagementservice",
    "logs": "amazoncloudwatchlogs",
    "servicequotas": "servicequotas",
    "ssmmessages": "amazonmessagegatewayservice",
    "tag": "amazonresourcegrouptaggingapi",
}


@dataclass(frozen=True, kw_only=True)
class Unscoped:
    reason: str
    source: str


_LISTS = "lists; its answer cannot be held to some of what there is"
_MAKES = "makes something that has no ARN before; a tag that it must carry is the condition"
_TOKEN = "a token for the whole registry; what may be pulled is decided for each repository"  # noqa: S105 (a sentence)
_CHANNEL = "the agent's own channel to Session Manager; it is opened for the caller and nobody else"

_REASONS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "acm:ListCertificates",
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeLaunchConfigurations",
            "autoscaling:DescribeScalingActivities",
            "autoscaling:DescribeTags",
            "ec2:DescribeAddresses",
            "ec2:DescribeAddressesAttribute",
            "ec2:DescribeAvailabilityZones",
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeFlowLogs",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceTopology",
            "ec2:DescribeInstanceTypeOfferings",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeInstances",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeLaunchTemplateVersions",
            "ec2:DescribeLaunchTemplates",
            "ec2:DescribeNatGateways",
            "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribePrefixLists",
            "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroupRules",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSnapshots",
            "ec2:DescribeSubnets",
            "ec2:DescribeTags",
            "ec2:DescribeVolumeStatus",
            "ec2:DescribeVolumes",
            "ec2:DescribeVolumesModifications",
            "ec2:DescribeVpcEndpoints",
            "ec2:DescribeVpcs",
            "ec2:GetInstanceTypesFromInstanceRequirements",
            "eks:DescribeAddonConfiguration",
            "eks:DescribeAddonVersions",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeListenerAttributes",
            "elasticloadbalancing:DescribeLoadBalancerAttributes",
            "elasticloadbalancing:DescribeLoadBalancers",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:DescribeTargetGroupAttributes",
            "elasticloadbalancing:DescribeTargetGroups",
            "elasticloadbalancing:DescribeTargetHealth",
            "kms:ListAliases",
            "logs:DescribeLogGroups",
            "servicequotas:ListServiceQuotas",
            "tag:GetResources",
        ),
        _LISTS,
    ),
    **dict.fromkeys(("acm:RequestCertificate", "eks:CreateCluster", "kms:CreateKey"), _MAKES),
    **dict.fromkeys(
        ("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries"),
        "a delivery of logs has no ARN; what is delivered where is decided by rights on both ends",
    ),
    **dict.fromkeys(("ecr:GetAuthorizationToken",), _TOKEN),
    **dict.fromkeys(
        (
            "ssmmessages:CreateControlChannel",
            "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel",
            "ssmmessages:OpenDataChannel",
        ),
        _CHANNEL,
    ),
}

UNSCOPED: Mapping[str, Unscoped] = {
    action: Unscoped(reason=reason, source=REFERENCE.format(page=PAGES[action.partition(":")[0]]))
    for action, reason in _REASONS.items()
}
"""Action -> why it has no narrower resource, and where that is written."""
