from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from llmctl.infra.aws.node_groups import MOST_GROUPS
from llmctl.infra.aws.system import images, parts
from llmctl.infra.aws.system.autoscaler import FIRST, autoscaler, priorities
from llmctl.infra.aws.system.device_plugin import device_plugin
from llmctl.infra.aws.system.load_balancer_controller import load_balancer_controller, readiness_gate
from llmctl.infra.aws.system.serving_certificate import serving_certificate
from llmctl.infra.errors import SettingsError

WHERE = {"cluster_name": "llmctl-prod-cluster", "region": "eu-west-1"}
SCALER = autoscaler(image="ecr/autoscaler", order="100:\n", **WHERE)
BALANCER = load_balancer_controller(image="ecr/controller", vpc_id="--aws-vpc-id=vpc-1", **WHERE)


def manifests() -> Iterator[dict[str, Any]]:
    for wave in [*SCALER, *BALANCER]:
        yield from wave


def of(kind: str) -> list[dict[str, Any]]:
    return [each for each in manifests() if each["kind"] == kind]


def test_pods_of_the_system_are_admitted_where_only_restricted_ones_are() -> None:
    """kubernetes.io/docs/concepts/security/pod-security-standards, Restricted."""
    assert parts.namespace()["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for made in of("Deployment"):
        pod = made["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not any("hostPath" in volume for volume in pod.get("volumes", ()))
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security["readOnlyRootFilesystem"] is True


def test_no_right_is_a_star_and_none_is_on_secrets() -> None:
    for role in [*of("ClusterRole"), *of("Role")]:
        for rule in role["rules"]:
            words = [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
            assert "*" not in words
            assert "secrets" not in rule["resources"]


def test_what_others_own_is_only_read() -> None:
    (role,) = [each for each in of("ClusterRole") if each["metadata"]["name"].endswith("load-balancer-controller")]
    for rule in role["rules"]:
        if {"services", "ingresses", "nodes"} & set(rule["resources"]):
            assert set(rule["verbs"]) == {"get", "list", "watch"}


def test_every_role_is_bound_to_an_account_that_a_deployment_runs_as() -> None:
    accounts = {made["spec"]["template"]["spec"]["serviceAccountName"] for made in of("Deployment")}
    assert accounts == {each["metadata"]["name"] for each in of("ServiceAccount")}
    for binding in [*of("ClusterRoleBinding"), *of("RoleBinding")]:
        assert binding["subjects"][0]["name"] in accounts
        assert binding["subjects"][0]["namespace"] == "llmctl-system"


def test_nobody_asks_the_metadata_service_where_it_is() -> None:
    scaler, controller = (made["spec"]["template"]["spec"]["containers"][0] for made in of("Deployment"))
    assert {"name": "AWS_REGION", "value": "eu-west-1"} in scaler["env"]
    assert {"--aws-region=eu-west-1", "--aws-vpc-id=vpc-1"} <= set(controller["args"])


def test_the_controller_makes_no_balancer_of_its_own() -> None:
    (_, controller) = (made["spec"]["template"]["spec"]["containers"][0] for made in of("Deployment"))
    (gates,) = [arg for arg in controller["args"] if arg.startswith("--feature-gates=")]
    assert {"EnableServiceController=false", "ALBGatewayAPI=false", "NLBGatewayAPI=false"} <= set(
        gates.removeprefix("--feature-gates=").split(",")
    )
    assert not of("IngressClass")
    assert not [each for each in manifests() if "Webhook" in each["kind"]]


def test_a_way_that_comes_first_has_the_highest_priority() -> None:
    order = yaml.safe_load(priorities([(0, "eks-a-1"), (1, "eks-b-2"), (0, "eks-c-3"), (2, "eks-d.4")]))
    assert order == {100: ["^eks-a-1$", "^eks-c-3$"], 99: ["^eks-b-2$"], 98: [r"^eks-d\.4$"]}


def test_a_group_is_not_taken_for_one_whose_name_begins_alike() -> None:
    order = yaml.safe_load(priorities([(0, "eks-l4-1"), (1, "eks-l4-1-spot")]))
    assert [rank for rank, names in order.items() if any(re.search(each, "eks-l4-1-spot") for each in names)] == [99]


def test_every_priority_is_above_zero() -> None:
    assert FIRST - MOST_GROUPS > 0


def test_pods_with_scratch_space_keep_no_node_alive() -> None:
    (scaler, _) = (made["spec"]["template"]["spec"]["containers"][0] for made in of("Deployment"))
    assert "--skip-nodes-with-local-storage=false" in scaler["args"]


def test_the_certificate_is_the_same_in_every_run_and_fits_its_key() -> None:
    certificate, key = serving_certificate("one")
    assert (certificate, key) == serving_certificate("one")
    loaded = x509.load_pem_x509_certificate(certificate)
    loaded.verify_directly_issued_by(loaded)
    assert loaded.public_key() == load_pem_private_key(key, None).public_key()


def test_the_device_plugin_runs_on_nodes_with_gpus_alone() -> None:
    pod = device_plugin(image="ecr/plugin")["spec"]["template"]["spec"]
    (term,) = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    assert term["matchExpressions"] == [{"key": "k8s.amazonaws.com/accelerator", "operator": "Exists"}]
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]


def test_a_readiness_gate_names_its_binding() -> None:
    assert readiness_gate("gateway") == {"conditionType": "target-health.elbv2.k8s.aws/gateway"}


def test_the_autoscaler_is_of_the_clusters_kubernetes() -> None:
    assert images.autoscaler("1.34").endswith(":v1.34.5")
    with pytest.raises(SettingsError, match=r"no cluster autoscaler for 1\.12\. Allowed: 1\.32"):
        images.autoscaler("1.12")
