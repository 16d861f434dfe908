from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from drivers.declared import ACCOUNT, REGION, Declaration, declare
from drivers.policy_check import Kind, findings

from llmctl.infra.aws.identity import ROLES, Identity, IdentityArgs
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.place import Place
from llmctl.infra.aws.pod_identities import PodIdentities, PodIdentitiesArgs
from llmctl.infra.aws.policies.keys import Purpose
from llmctl.infra.aws_settings import PipelineSettings

NAMES = Names("aws-dev", Place(account=ACCOUNT, region=REGION))
CLUSTER = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/llmctl-aws-dev-cluster"
TARGET_GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/llmctl-aws-dev-public/0123456789abcdef"
GITHUB = PipelineSettings(issuer="github", subject="repo:owner/name:environment:prod")
GITLAB = PipelineSettings(issuer="gitlab", subject="project_path:group/name:ref_type:branch:ref:main")

DEV = IdentityArgs(
    names=NAMES,
    cluster=NAMES.cluster,
    own_cluster=True,
    namespace="llmctl-aws-dev",
    vpc_id="vpc-0123456789abcdef0",
    keys={purpose: f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{purpose}" for purpose in Purpose},
    repositories=("llmctl-aws-dev-images/haproxy",),
    log_groups=("/aws/eks/llmctl-aws-dev-cluster/cluster", "llmctl-aws-dev-flow-logs"),
)
PROFILES = {
    "dev": DEV,
    "prod": replace(
        DEV,
        target_group_arn=TARGET_GROUP,
        hosted_zone="Z0123456789ABCDEF",
        admins=(f"arn:aws:iam::{ACCOUNT}:role/platform",),
        pipelines=(GITHUB, GITLAB),
        make_issuers=frozenset({"github", "gitlab"}),
    ),
    "attached": replace(DEV, cluster="shared", own_cluster=False, pipelines=(GITHUB,)),
    "china": replace(
        DEV,
        names=Names("aws-cn", Place(account=ACCOUNT, region="cn-north-1")),
        keys={purpose: f"arn:aws-cn:kms:cn-north-1:{ACCOUNT}:key/{purpose}" for purpose in Purpose},
    ),
}


def declared(args: IdentityArgs) -> Declaration:
    def program() -> dict[str, Any]:
        identity = Identity("identity", args, pulumi.ResourceOptions())
        pods = PodIdentitiesArgs(cluster_name=args.cluster, roles=identity.pod_roles)
        PodIdentities("pods", pods, pulumi.ResourceOptions())
        return {
            "cluster": identity.cluster_role,
            "node": identity.node_role,
            "addons": dict(identity.addon_roles),
            "deployer": identity.deployer_role,
        }

    return declare(program)


@pytest.fixture(scope="module")
def profiles() -> dict[str, Declaration]:
    return {name: declared(args) for name, args in PROFILES.items()}


def policies(declaration: Declaration) -> dict[str, Any]:
    made = [*declaration.of("aws:iam/rolePolicy:RolePolicy"), *declaration.of("aws:iam/policy:Policy")]
    return {r.name: json.loads(r.inputs["policy"]) for r in made}


def trusts(declaration: Declaration) -> dict[str, Any]:
    return {r.name: json.loads(r.inputs["assumeRolePolicy"]) for r in declaration.of("aws:iam/role:Role")}


def statement(policy: Any, sid: str) -> Any:
    return next(each for each in policy["Statement"] if each["Sid"] == sid)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_role_may_do_what_nobody_listed(profiles: dict[str, Declaration], profile: str) -> None:
    found = {name: findings(policy, Kind.IDENTITY) for name, policy in policies(profiles[profile]).items()}
    found |= {name: findings(policy, Kind.TRUST) for name, policy in trusts(profiles[profile]).items()}
    assert {name: sentences for name, sentences in found.items() if sentences} == {}


@pytest.mark.parametrize("profile", PROFILES)
def test_no_role_has_a_policy_that_aws_keeps(profiles: dict[str, Declaration], profile: str) -> None:
    for attachment in profiles[profile].of("aws:iam/rolePolicyAttachment:RolePolicyAttachment"):
        assert attachment.inputs["policyArn"].split(":")[4] == ACCOUNT, "AWS's own have no account"
    for role in profiles[profile].of("aws:iam/role:Role"):
        assert not {"managedPolicyArns", "inlinePolicies"} & set(role.inputs)


@pytest.mark.parametrize("profile", PROFILES)
def test_policies_stay_below_what_iam_allows(profiles: dict[str, Declaration], profile: str) -> None:
    """docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: 10,240 characters for all within a role,
    6,144 for a policy of its own, 2,048 for who may take a role."""
    sizes: dict[str, int] = {}
    for policy in profiles[profile].of("aws:iam/rolePolicy:RolePolicy"):
        role = policy.inputs["role"]
        sizes[role] = sizes.get(role, 0) + len(policy.inputs["policy"])
    assert {role: size for role, size in sizes.items() if size > 10_240} == {}
    own = {policy.name: len(policy.inputs["policy"]) for policy in profiles[profile].of("aws:iam/policy:Policy")}
    assert {name: size for name, size in own.items() if size > 6_144} == {}
    assert all(len(json.dumps(trust)) <= 2_048 for trust in trusts(profiles[profile]).values())


@pytest.mark.parametrize("profile", PROFILES)
def test_every_role_is_one_of_those_a_deployer_may_change(profiles: dict[str, Declaration], profile: str) -> None:
    names = PROFILES[profile].names
    assert {r.inputs["name"] for r in profiles[profile].of("aws:iam/role:Role")} <= {names.of(role) for role in ROLES}


def test_pods_of_one_service_account_of_one_cluster_get_the_role(profiles: dict[str, Declaration]) -> None:
    trusted = statement(trusts(profiles["dev"])["identity-weights"], "PodsOfTheServiceAccount")
    assert trusted["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": ACCOUNT,
            "aws:RequestTag/kubernetes-namespace": "llmctl-aws-dev",
            "aws:RequestTag/kubernetes-service-account": "weights",
        },
        "ArnEquals": {"aws:SourceArn": CLUSTER},
    }


@pytest.mark.parametrize("profile", PROFILES)
def test_an_association_is_for_the_pods_that_the_role_trusts(profiles: dict[str, Declaration], profile: str) -> None:
    made = profiles[profile].of("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert made
    for association in made:
        role = f"identity-{association.name.removeprefix('pods-')}"
        tests = statement(trusts(profiles[profile])[role], "PodsOfTheServiceAccount")["Condition"]["StringEquals"]
        assert tests["aws:RequestTag/kubernetes-namespace"] == association.inputs["namespace"]
        assert tests["aws:RequestTag/kubernetes-service-account"] == association.inputs["serviceAccount"]
        assert f"{role}-policy" in profiles[profile].before(association.name), "a pod would start with too few rights"


def test_the_relay_writes_nothing_and_a_push_deletes_nothing(profiles: dict[str, Declaration]) -> None:
    relay, push = (policies(profiles["dev"])[f"identity-{name}-policy"] for name in ("weights", "weights-push"))
    does = {action for each in relay["Statement"] for action in each["Action"]}
    assert does == {"s3:ListBucket", "s3:GetObject", "kms:Decrypt"}
    assert not [action for each in push["Statement"] for action in each["Action"] if "Delete" in action]


def test_the_controller_binds_pods_to_this_target_group_only(profiles: dict[str, Declaration]) -> None:
    policy = policies(profiles["prod"])["identity-aws-load-balancer-controller-policy"]
    changes = [each for each in policy["Statement"] if each["Sid"] != "Look"]
    assert [each["Resource"] for each in changes] == [[TARGET_GROUP]]


def test_without_a_load_balancer_its_controller_has_no_role(profiles: dict[str, Declaration]) -> None:
    assert "identity-aws-load-balancer-controller" not in trusts(profiles["dev"])


def test_an_attached_stack_has_roles_for_its_own_pods_and_none_of_the_clusters(
    profiles: dict[str, Declaration],
) -> None:
    assert set(trusts(profiles["attached"])) == {"identity-weights", "identity-weights-push", "identity-deployer"}
    assert profiles["attached"].result["node"] is None


def test_a_pipeline_is_known_by_its_exact_subject_and_audience(profiles: dict[str, Declaration]) -> None:
    trusted = trusts(profiles["prod"])["identity-deployer"]
    host = "token.actions.githubusercontent.com"
    assert statement(trusted, "Pipeline1")["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"}
    assert statement(trusted, "Pipeline1")["Condition"] == {
        "StringEquals": {f"{host}:aud": "sts.amazonaws.com", f"{host}:sub": GITHUB.subject}
    }
    assert statement(trusted, "Pipeline2")["Condition"]["StringEquals"]["gitlab.com:sub"] == GITLAB.subject


def test_an_issuer_that_the_account_knows_already_is_not_made_again(profiles: dict[str, Declaration]) -> None:
    kind = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    assert not profiles["attached"].of(kind)
    assert {r.inputs["url"] for r in profiles["prod"].of(kind)} == {
        "https://token.actions.githubusercontent.com",
        "https://gitlab.com",
    }
    assert all(r.retain_on_delete for r in profiles["prod"].of(kind)), "other stacks of the account may use it"


def test_without_admins_and_pipelines_nobody_could_take_a_deployers_role_and_there_is_none(
    profiles: dict[str, Declaration],
) -> None:
    assert profiles["dev"].result["deployer"] is None


def test_nodes_pull_images_of_this_stack_and_of_eks_in_the_region(profiles: dict[str, Declaration]) -> None:
    pull = statement(policies(profiles["dev"])["identity-node-policy"], "Pull")
    assert pull["Resource"] == [
        f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/llmctl-aws-dev-images/haproxy",
        f"arn:aws:ecr:{REGION}:602401143452:repository/*",
    ]
