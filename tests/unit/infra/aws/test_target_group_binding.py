from __future__ import annotations

from llmctl.infra.aws.target_group_binding import bound, target_group_binding

ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/pods/1"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "llm", "labels": {"a": "b"}}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "gateway", "namespace": "llm", "labels": {"app": "gateway"}},
    "spec": {"ports": [{"name": "https", "port": 443, "targetPort": 8080}]},
}
OTHER = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "relay"}, "spec": {"ports": [{"port": 80}]}}
PODS = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "gateway"},
    "spec": {"replicas": 2, "template": {"metadata": {}, "spec": {"containers": []}}},
}


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


def test_the_binding_comes_between_the_service_and_its_pods_for_their_gates_wait_for_it() -> None:
    waves = bound([(NAMESPACE,), (OTHER, SERVICE), (PODS,)], "gateway", ARN, "vpc-1")
    assert [[manifest["kind"] for manifest in wave] for wave in waves] == [
        ["Namespace"],
        ["Service", "Service"],
        ["TargetGroupBinding"],
        ["Deployment"],
    ]


def test_a_pod_counts_as_ready_when_the_load_balancer_has_found_it_healthy() -> None:
    others = {**PODS, "metadata": {"name": "model"}}
    ((gateway, model),) = bound([(PODS, others)], "gateway", ARN, "vpc-1")
    assert gateway["spec"]["template"]["spec"]["readinessGates"] == [
        {"conditionType": "target-health.elbv2.k8s.aws/gateway"}
    ]
    assert model == others, "pods that are no targets would never be ready"
    assert "readinessGates" not in PODS["spec"]["template"]["spec"], "what was given is left as it was"
