from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from drivers.declared import Declaration, declare

from llmctl.infra.aws.addons import addons, check_pins
from llmctl.infra.aws.cluster import LOG_TYPES, Cluster, ClusterArgs, attached
from llmctl.infra.aws.cluster_addons import ClusterAddons, ClusterAddonsArgs
from llmctl.infra.errors import SettingsError

ADDON, CLUSTER, LOGS = "aws:eks/addon:Addon", "aws:eks/cluster:Cluster", "aws:cloudwatch/logGroup:LogGroup"
ANSWERS = {
    CLUSTER: {
        "endpoint": "https://ABC.gr7.eu-west-1.eks.amazonaws.com",
        "certificateAuthority": {"data": "Q0E="},
        "vpcConfig": {"subnetIds": ["subnet-a", "subnet-b"], "clusterSecurityGroupId": "sg-eks"},
    }
}
FUNCTIONS = {"aws:eks/getAddonVersion:getAddonVersion": {"id": "x", "version": "v1.0.0-eksbuild.1"}}
TAGS = {"llmctl:stack": "prod"}
ROLE = "arn:aws:iam::111122223333:role/"


def args(**changed: Any) -> ClusterArgs:
    given: dict[str, Any] = {
        "cluster_name": "llmctl-prod-cluster",
        "region": "eu-west-1",
        "partition": "aws",
        "kubernetes_version": "1.34",
        "role_arn": f"{ROLE}control-plane",
        "subnet_ids": ["subnet-a", "subnet-b"],
        "secrets_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/secrets",
        "log_key_arn": "arn:aws:kms:eu-west-1:111122223333:key/logs",
        "log_days": 90,
        "tags": TAGS,
        "addon_roles": {"vpc-cni": f"{ROLE}cni", "aws-ebs-csi-driver": f"{ROLE}csi"},
    }
    return ClusterArgs(**{**given, **changed})


def declared(**changed: Any) -> Declaration:
    def program() -> dict[str, pulumi.Output[str]]:
        made = Cluster("cluster", args(**changed))
        return {"group": made.security_group_id, "authority": made.certificate_authority}

    return declare(program, answers=ANSWERS, functions=FUNCTIONS)


def test_only_access_entries_let_somebody_in() -> None:
    made = declared(admins={"platform": f"{ROLE}platform"})
    assert made.one(CLUSTER).inputs["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": True,
    }
    policy = made.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation").inputs
    assert policy["principalArn"] == f"{ROLE}platform"
    assert policy["policyArn"] == "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@pytest.mark.parametrize("cidrs", [[], ["203.0.113.0/24"]])
def test_the_api_server_is_reached_from_the_vpc_and_from_named_networks_only(cidrs: list[str]) -> None:
    network = declared(public_cidrs=cidrs).one(CLUSTER).inputs["vpcConfig"]
    assert network["endpointPrivateAccess"] is True
    assert network["endpointPublicAccess"] is bool(cidrs)
    assert network.get("publicAccessCidrs", []) == cidrs


def test_secrets_and_logs_have_keys_of_the_stack() -> None:
    made = declared()
    assert made.one(CLUSTER).inputs["encryptionConfig"] == {
        "provider": {"keyArn": "arn:aws:kms:eu-west-1:111122223333:key/secrets"},
        "resources": ["secrets"],
    }
    assert made.one(LOGS).inputs["kmsKeyId"] == "arn:aws:kms:eu-west-1:111122223333:key/logs"


def test_all_logs_go_to_a_group_that_is_there_before_and_gone_after_the_cluster() -> None:
    made = declared()
    group = made.one(LOGS)
    assert group.inputs["name"] == "/aws/eks/llmctl-prod-cluster/cluster"
    assert group.inputs["retentionInDays"] == 90
    assert group.name in made.before("cluster"), "EKS would make the group itself, and leave it"
    assert made.one(CLUSTER).inputs["enabledClusterLogTypes"] == [*LOG_TYPES]


@pytest.mark.parametrize("protect", [True, False])
def test_a_protected_cluster_is_refused_deletion_by_both(protect: bool) -> None:
    cluster = declared(protect=protect).one(CLUSTER)
    assert (cluster.inputs["deletionProtection"], cluster.protect) == (protect, protect)


def test_nodes_find_network_proxy_and_identity_when_they_come() -> None:
    names = {each.inputs["addonName"] for each in declared().of(ADDON)}
    assert names == {"vpc-cni", "kube-proxy", "eks-pod-identity-agent", "eks-node-monitoring-agent"}


def test_an_addon_has_the_version_that_aws_names_unless_one_is_pinned() -> None:
    versions = {
        each.inputs["addonName"]: each.inputs["addonVersion"]
        for each in declared(addon_pins={"vpc-cni": "v1.22.4-eksbuild.3"}).of(ADDON)
    }
    assert (versions["vpc-cni"], versions["kube-proxy"]) == ("v1.22.4-eksbuild.3", "v1.0.0-eksbuild.1")


def test_a_pin_for_what_is_no_addon_is_refused() -> None:
    check_pins({"coredns": "v1"}, addons("eu-west-1", TAGS))
    with pytest.raises(SettingsError, match=r"core-dns is no add-on of the cluster\. Allowed: vpc-cni"):
        check_pins({"core-dns": "v1"}, addons("eu-west-1", TAGS))


def test_addons_that_speak_to_aws_have_roles_of_their_own() -> None:
    assert declared().named("cluster-addons-vpc-cni").inputs["podIdentityAssociations"] == [
        {"roleArn": f"{ROLE}cni", "serviceAccount": "aws-node"}
    ]


def test_network_policies_are_enforced() -> None:
    written = declared().named("cluster-addons-vpc-cni").inputs["configurationValues"]
    assert json.loads(written)["enableNetworkPolicy"] == "true"


def test_interfaces_and_volumes_that_addons_make_are_known_as_the_stacks() -> None:
    """Left behind, they are found by their tags; and without these the add-ons' roles let them make none."""
    cni, driver = (each.configuration for each in addons("eu-west-1", TAGS) if each.service_account)
    assert json.loads(cni["env"]["ADDITIONAL_ENI_TAGS"]) == TAGS
    assert driver["controller"]["extraVolumeTags"] == TAGS


def test_addons_with_deployments_wait_for_nodes() -> None:
    def program() -> None:
        cluster = Cluster("cluster", args())
        late = ClusterAddonsArgs(
            cluster_name=cluster.cluster_name,
            kubernetes_version="1.34",
            addons=[each for each in addons("eu-west-1", TAGS) if not each.before_nodes],
            roles=args().addon_roles,
            after=cluster.before_nodes,
        )
        ClusterAddons("late", late)

    made = declare(program, answers=ANSWERS, functions=FUNCTIONS)
    for name in ("coredns", "aws-ebs-csi-driver", "metrics-server"):
        assert {"cluster", "cluster-addons-vpc-cni"} <= made.before(f"late-{name}")
    driver = json.loads(made.named("late-aws-ebs-csi-driver").inputs["configurationValues"])
    assert driver["controller"]["nodeSelector"] == {"llmctl/node-pool": "system"}
    assert driver["controller"]["region"] == "eu-west-1"
    assert driver["node"] == {"metadataSources": "kubernetes"}, "pods do not reach IMDS"


def test_what_others_need_of_a_cluster_is_the_same_of_one_that_is_there() -> None:
    own = declared()
    assert own.result == {"group": "sg-eks", "authority": "Q0E="}

    def program() -> dict[str, pulumi.Output[str]]:
        found = attached("shared", pulumi.InvokeOutputOptions())
        return {"group": found.security_group_id, "authority": found.certificate_authority}

    there = {
        "name": "shared",
        "endpoint": "https://ABC",
        "certificateAuthorities": [{"data": "Q0E="}],
        "vpcConfig": {"clusterSecurityGroupId": "sg-eks"},
    }
    made = declare(program, functions={"aws:eks/getCluster:getCluster": there})
    assert made.result == own.result
    assert made.resources == [], "a cluster that somebody else looks after stays as it is"
