"""What `llmctl up` and `down` need of an account, for a stack whose first `up` somebody with more rights has made.

By service, what the provider calls on the types that the stack has; the tag of the stack tells its own from others
where AWS makes up the ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from llmctl.infra.aws.policies.document import Document, Statement, allow, anywhere, document
from llmctl.infra.aws.policies.keys import ADMINISTRATION, USE, Purpose
from llmctl.infra.aws.policies.scope import Scope
from llmctl.infra.aws.policies.unscoped import UNSCOPED


def policies(hosted_zone: str | None, *, own_cluster: bool) -> Mapping[str, Callable[[Scope], Document]]:
    """By name; together they are more than the 10,240 characters that IAM takes within a role, so each is a policy of
    its own, of at most 6,144 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""
    return {
        "network": network,
        "cluster": cluster if own_cluster else attached,
        "storage": storage,
        "roles": roles,
        "endpoint": lambda scope: endpoint(scope, hosted_zone),
    }


PARTS_OF_IT = ("network", "cluster", "storage", "roles", "endpoint")


def policy_purpose(part: str) -> str:
    """In the name of the policy."""
    return f"deployer-{part}"


MADE = (
    "elastic-ip",
    "internet-gateway",
    "launch-template",
    "natgateway",
    "route-table",
    "security-group",
    "security-group-rule",
    "subnet",
    "vpc",
    "vpc-endpoint",
    "vpc-flow-log",
)
"""EC2's types that the stack makes."""

MAKES = (
    "ec2:AllocateAddress",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateFlowLogs",
    "ec2:CreateInternetGateway",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateNatGateway",
    "ec2:CreateRouteTable",
    "ec2:CreateSecurityGroup",
    "ec2:CreateSubnet",
    "ec2:CreateTags",
    "ec2:CreateVpc",
    "ec2:CreateVpcEndpoint",
)
CHANGES = (
    "ec2:AssociateRouteTable",
    "ec2:AttachInternetGateway",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:CreateRoute",
    "ec2:DeleteFlowLogs",
    "ec2:DeleteInternetGateway",
    "ec2:DeleteLaunchTemplate",
    "ec2:DeleteNatGateway",
    "ec2:DeleteRoute",
    "ec2:DeleteRouteTable",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSubnet",
    "ec2:DeleteTags",
    "ec2:DeleteVpc",
    "ec2:DeleteVpcEndpoints",
    "ec2:DescribeVpcAttribute",
    "ec2:DetachInternetGateway",
    "ec2:DisassociateAddress",
    "ec2:DisassociateRouteTable",
    "ec2:ModifyLaunchTemplate",
    "ec2:ModifySubnetAttribute",
    "ec2:ModifyVpcAttribute",
    "ec2:ModifyVpcEndpoint",
    "ec2:ReleaseAddress",
    "ec2:ReplaceRoute",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
)


def network(scope: Scope) -> Document:
    """What is made gets the tag; what it is made in has it."""
    made = [scope.every(kind) for kind in MADE]
    return document(
        anywhere("Look", [action for action in UNSCOPED if action.startswith("ec2:Describe")]),
        allow("Make", MAKES, made, when=scope.to_be_tagged),
        allow("MakeInOwn", MAKES, made, when=scope.tagged),
        allow("Change", CHANGES, made, when=scope.tagged),
        allow("LogGroups", LOG_GROUPS, [arn for name in scope.log_groups for arn in scope.log_group(name)]),
        anywhere("LookAtLogGroups", ["logs:DescribeLogGroups"]),
    )


LOG_GROUPS = (
    "logs:AssociateKmsKey",
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DeleteRetentionPolicy",
    "logs:ListTagsForResource",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
)


def cluster(scope: Scope) -> Document:
    parts = [
        scope.place.arn("eks", f"{kind}/{scope.cluster}/*")
        for kind in ("nodegroup", "addon", "podidentityassociation", "access-entry")
    ]
    groups = scope.place.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/eks-*")
    tags = ["autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags"]
    by_eks = {"StringEquals": {"aws:ResourceTag/eks:cluster-name": scope.cluster}}
    looks = [action for action in UNSCOPED if action.startswith(("autoscaling:", "eks:Describe", "servicequotas:"))]
    return document(
        anywhere("Look", [*looks, "tag:GetResources"]),
        anywhere("Make", ["eks:CreateCluster"], when=scope.to_be_tagged),
        allow("Cluster", CLUSTER, scope.cluster_arn),
        allow("Parts", PARTS, parts),
        allow("TagNodeGroups", tags, groups, when=by_eks),
        allow("Machine", ["ec2:RunInstances"], scope.every("launch-template"), when=scope.tagged),
    )


def attached(scope: Scope) -> Document:
    """In a cluster of somebody else the stack tells which of its own pods get which role, and no more."""
    cluster = ["eks:CreatePodIdentityAssociation", "eks:DescribeCluster", "eks:ListPodIdentityAssociations"]
    own = [action for action in PARTS if action.endswith("PodIdentityAssociation")]
    associations = scope.place.arn("eks", f"podidentityassociation/{scope.cluster}/*")
    return document(
        anywhere("Look", ["tag:GetResources"]),
        allow("Cluster", cluster, scope.cluster_arn),
        allow("TagNew", ["eks:TagResource"], associations, when=scope.to_be_tagged),
        allow("Own", own, associations, when=scope.tagged),
    )


CLUSTER = (
    "eks:CreateAccessEntry",
    "eks:CreateAddon",
    "eks:CreateNodegroup",
    "eks:CreatePodIdentityAssociation",
    "eks:DeleteCluster",
    "eks:DescribeCluster",
    "eks:DescribeUpdate",
    "eks:ListAccessEntries",
    "eks:ListPodIdentityAssociations",
    "eks:TagResource",
    "eks:UntagResource",
    "eks:UpdateClusterConfig",
    "eks:UpdateClusterVersion",
)
PARTS = (
    "eks:AssociateAccessPolicy",
    "eks:DeleteAccessEntry",
    "eks:DeleteAddon",
    "eks:DeleteNodegroup",
    "eks:DeletePodIdentityAssociation",
    "eks:DescribeAccessEntry",
    "eks:DescribeAddon",
    "eks:DescribeNodegroup",
    "eks:DescribePodIdentityAssociation",
    "eks:DescribeUpdate",
    "eks:DisassociateAccessPolicy",
    "eks:ListAssociatedAccessPolicies",
    "eks:TagResource",
    "eks:UntagResource",
    "eks:UpdateAccessEntry",
    "eks:UpdateAddon",
    "eks:UpdateNodegroupConfig",
    "eks:UpdateNodegroupVersion",
    "eks:UpdatePodIdentityAssociation",
)


def storage(scope: Scope) -> Document:
    buckets = [scope.place.bucket(scope.names.bucket(purpose)) for purpose in ("models", "access-logs")]
    aliases = [scope.place.arn("kms", f"alias/{scope.names.of(purpose)}") for purpose in Purpose]
    alias = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
    return document(
        allow("Buckets", BUCKETS, buckets),
        allow("EmptyBuckets", EMPTIES, [f"{bucket}/*" for bucket in buckets]),
        anywhere("MakeKeys", ["kms:CreateKey"], when=scope.to_be_tagged),
        anywhere("LookAtAliases", ["kms:ListAliases"]),
        allow("Keys", sorted({*USE, *ADMINISTRATION}), scope.place.arn("kms", "key/*"), when=scope.tagged),
        allow("Aliases", alias, aliases),
        anywhere("RegistryToken", ["ecr:GetAuthorizationToken"]),
        allow("Repositories", REPOSITORIES, [scope.repository(name) for name in scope.repositories]),
    )


BUCKETS = (
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:GetAccelerateConfiguration",
    "s3:GetBucketAcl",
    "s3:GetBucketCORS",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetBucketWebsite",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:ListTagsForResource",
    "s3:PutBucketLogging",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:TagResource",
    "s3:UntagResource",
)
EMPTIES = ("s3:DeleteObject", "s3:DeleteObjectVersion")
REPOSITORIES = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:CreateRepository",
    "ecr:DeleteLifecyclePolicy",
    "ecr:DeleteRepository",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:InitiateLayerUpload",
    "ecr:ListTagsForResource",
    "ecr:PutImage",
    "ecr:PutImageScanningConfiguration",
    "ecr:PutImageTagMutability",
    "ecr:PutLifecyclePolicy",
    "ecr:TagResource",
    "ecr:UntagResource",
    "ecr:UploadLayerPart",
)

PASSED_TO = ("ec2.amazonaws.com", "eks.amazonaws.com", "pods.eks.amazonaws.com", "vpc-flow-logs.amazonaws.com")
LINKED: Mapping[str, str] = {
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "eks-nodegroup.amazonaws.com": "AWSServiceRoleForAmazonEKSNodegroup",
    "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
}
"""Service -> role that it makes in an account that lacks it: docs.aws.amazon.com/IAM/latest/UserGuide/
reference_aws-services-that-work-with-iam.html leads to each."""


def roles(scope: Scope) -> Document:
    """Roles of this stack only, whose policies this one then decides: whoever may deploy may do what they may."""
    own = [scope.place.role(scope.names.of(purpose)) for purpose in scope.role_purposes]
    passed = {"StringEquals": {"iam:PassedToService": PASSED_TO}}
    linked = [scope.place.role(f"aws-service-role/{service}/{role}") for service, role in LINKED.items()]
    made = {"StringEquals": {"iam:AWSServiceName": sorted(LINKED)}}
    policies_of_it = [
        scope.place.arn("iam", f"policy/{scope.names.of(policy_purpose(part), most=128)}", region="")
        for part in PARTS_OF_IT
    ]
    return document(
        allow("Roles", ROLES, own),
        allow("PoliciesOfDeployers", POLICIES, policies_of_it),
        allow("AttachThem", ATTACH, own, when={"ArnEquals": {"iam:PolicyARN": policies_of_it}}),
        allow("PassRoles", ["iam:PassRole"], own, when=passed),
        allow("LinkedRoles", ["iam:CreateServiceLinkedRole"], linked, when=made),
        allow("LookAtLinkedRoles", ["iam:GetRole"], linked),
    )


ROLES = (
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
)


POLICIES = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListPolicyVersions",
    "iam:TagPolicy",
    "iam:UntagPolicy",
)
ATTACH = ("iam:AttachRolePolicy", "iam:DetachRolePolicy")


def endpoint(scope: Scope, hosted_zone: str | None) -> Document:
    """The load balancer, its certificate, its firewall, and its name in `hosted_zone` (an id) where one is given."""
    balancing = [
        scope.place.arn("elasticloadbalancing", f"{kind}/*")
        for kind in ("loadbalancer/app", "loadbalancer/net", "listener/app", "listener/net", "targetgroup")
    ]
    looks = [action for action in UNSCOPED if action.startswith("elasticloadbalancing:")]
    firewall = scope.place.arn("wafv2", "regional/webacl/*")
    certificate = scope.place.arn("acm", "certificate/*")
    return document(
        anywhere("Look", looks),
        allow("Make", BALANCERS_MADE, balancing, when=scope.to_be_tagged),
        allow("Change", [*BALANCERS_MADE, *BALANCERS_CHANGED], balancing, when=scope.tagged),
        anywhere("AskForACertificate", ["acm:RequestCertificate"], when=scope.to_be_tagged),
        allow("Certificates", CERTIFICATES, certificate, when=scope.tagged),
        allow("MakeFirewall", ["wafv2:CreateWebACL", "wafv2:TagResource"], firewall, when=scope.to_be_tagged),
        allow("Firewall", FIREWALLS, firewall, when=scope.tagged),
        anywhere("LogDelivery", LOG_DELIVERY),
        *_name(scope, hosted_zone),
    )


BALANCERS_MADE = (
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateListener",
    "elasticloadbalancing:CreateLoadBalancer",
    "elasticloadbalancing:CreateTargetGroup",
)
BALANCERS_CHANGED = (
    "elasticloadbalancing:DeleteListener",
    "elasticloadbalancing:DeleteLoadBalancer",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyListener",
    "elasticloadbalancing:ModifyLoadBalancerAttributes",
    "elasticloadbalancing:ModifyTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:RemoveTags",
    "elasticloadbalancing:SetSecurityGroups",
    "elasticloadbalancing:SetSubnets",
    "wafv2:AssociateWebACL",
    "wafv2:DisassociateWebACL",
    "wafv2:GetWebACLForResource",
)
CERTIFICATES = (
    "acm:AddTagsToCertificate",
    "acm:DeleteCertificate",
    "acm:DescribeCertificate",
    "acm:ListTagsForCertificate",
    "acm:RemoveTagsFromCertificate",
)
LOG_DELIVERY = ("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries")
"""For logs of the firewall and of the VPC's flows: docs.aws.amazon.com/AmazonCloudWatch/latest/logs/
AWS-logs-infrastructure-V1-CloudWatchLogs.html."""

FIREWALLS = (
    "wafv2:AssociateWebACL",
    "wafv2:DeleteLoggingConfiguration",
    "wafv2:DeleteWebACL",
    "wafv2:GetLoggingConfiguration",
    "wafv2:GetWebACL",
    "wafv2:ListTagsForResource",
    "wafv2:PutLoggingConfiguration",
    "wafv2:TagResource",
    "wafv2:UntagResource",
    "wafv2:UpdateWebACL",
)


def _name(scope: Scope, hosted_zone: str | None) -> list[Statement]:
    if hosted_zone is None:
        return []
    zone = scope.place.arn("route53", f"hostedzone/{hosted_zone}", region="", account="")
    change = scope.place.arn("route53", "change/*", region="", account="")
    records = ["route53:ChangeResourceRecordSets", "route53:GetHostedZone", "route53:ListResourceRecordSets"]
    return [allow("Name", records, zone), allow("NameIsThere", ["route53:GetChange"], change)]
