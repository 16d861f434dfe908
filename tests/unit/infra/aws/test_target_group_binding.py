from __future__ import annotations

from llmctl.infra.aws.target_group_binding import GATES, bound, target_group_binding

ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/pods/1"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "llm", "labels": {"a": "b"}}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "gateway", "namespace": "llm", "labels": {"app": "gateway"}},
    "spec": {"ports": [{"name": "https", "port": 443, "targetPort": 8080}]},
}
OTHER = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "relay"}, "spec": {"ports": [{"port": 80}]}}
PODS = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "gateway"}}


def test_the_pods_of_the_service_are_bound_by_their_addresses() -> None:
    made = target_group_binding(SERVICE, ARN, "vpc-1")
    assert made["metadata"] == SERVICE["metadata"]
    assert made["spec"] == {
        "targetGroupARN": ARN,
        "targetType": "ip",
        "ipAddressType": "ipv4",
        "vpcID": "vpc-1",
        "serviceRef": {"name": "gateway", "port": 443},
    }


def test_the_binding_comes_between_the_service_and_its_pods_for_only_then_they_get_their_gates() -> None:
    waves = bound([(NAMESPACE,), (OTHER, SERVICE), (PODS,)], "gateway", ARN, "vpc-1")
    assert [[manifest["kind"] for manifest in wave] for wave in waves] == [
        ["Namespace"],
        ["Service", "Service"],
        ["TargetGroupBinding"],
        ["Deployment"],
    ]


def test_the_namespace_asks_for_gates_and_keeps_its_labels() -> None:
    ((namespace,),) = bound([(NAMESPACE,)], "gateway", ARN, "vpc-1")
    assert namespace["metadata"]["labels"] == {"a": "b", **GATES}
    assert NAMESPACE["metadata"]["labels"] == {"a": "b"}, "what was given is left as it was"
