"""The cluster that the other tests of this tier stand on does what any cluster does."""

from __future__ import annotations

import re

import httpx
import pytest
from drivers.cluster.clients import Clients
from drivers.cluster.cluster import Cluster
from drivers.cluster.workloads import deployment, service
from drivers.eventually import eventually


@pytest.fixture
def servers(cluster: Cluster, namespace: str, answerer: str) -> list[str]:
    """Names of the ready pods behind the Service `servers`, one for each node."""
    wanted = deployment(namespace, "servers", answerer, replicas=len(cluster.nodes))
    cluster.apply(wanted, service(namespace, "servers"))
    cluster.kubectl("rollout", "status", "deployment/servers", "-n", namespace, "--timeout=120s")
    return pods(cluster, namespace)


def pods(cluster: Cluster, namespace: str) -> list[str]:
    return [pod["metadata"]["name"] for pod in cluster.get("pods", "-n", namespace)["items"]]


def nodes_of_pods(cluster: Cluster, namespace: str) -> set[str]:
    items = cluster.get("pods", "-n", namespace)["items"]
    return {pod["spec"]["nodeName"] for pod in items if "deletionTimestamp" not in pod["metadata"]}


def test_pods_run_on_every_node(cluster: Cluster, namespace: str, servers: list[str]) -> None:
    assert nodes_of_pods(cluster, namespace) == set(cluster.nodes)


def test_a_service_is_answered_by_all_its_pods_also_to_this_machine(
    cluster: Cluster, namespace: str, servers: list[str]
) -> None:
    url, answered = cluster.service_url(namespace, "servers", 80), set()

    def all_answered() -> bool:
        answered.add(httpx.get(url, trust_env=False).text.split()[0])
        return answered == set(servers)

    eventually(all_answered, "each pod has answered")


def test_a_pod_of_each_node_resolves_names_of_services(cluster: Cluster, namespace: str, servers: list[str]) -> None:
    address = cluster.get("service", "servers", "-n", namespace)["spec"]["clusterIP"]
    for pod in servers:
        for name in ("servers", f"servers.{namespace}.svc.cluster.local"):
            assert cluster.kubectl("exec", "-n", namespace, pod, "--", "/answerer", "lookup", name).split() == [address]


def test_logs_show_what_the_server_wrote(cluster: Cluster, namespace: str, servers: list[str]) -> None:
    assert f"{servers[0]} answers on port 8080" in cluster.kubectl("logs", "-n", namespace, servers[0])


def test_a_port_forward_reaches_the_chosen_pod(cluster: Cluster, namespace: str, servers: list[str]) -> None:
    with cluster.port_forward(namespace, f"pod/{servers[1]}", 8080) as url:
        assert httpx.get(url, trust_env=False).text.split()[0] == servers[1]


def test_a_rolling_update_fails_no_request(cluster: Cluster, namespace: str, servers: list[str]) -> None:
    with Clients(cluster.service_url(namespace, "servers", 80), count=8) as clients:
        clients.await_answers(50)
        cluster.kubectl("set", "env", "deployment/servers", "-n", namespace, "VERSION=second")
        cluster.kubectl("rollout", "status", "deployment/servers", "-n", namespace, "--timeout=120s")
        clients.await_answers(50)
    assert clients.failures == []
    assert {answer.split()[0] for answer in clients.answers} > set(servers)
    assert clients.answers[-1].split()[1:] == ["second"]


def test_a_drained_node_gives_its_pods_to_the_others(cluster: Cluster, namespace: str, servers: list[str]) -> None:
    try:
        cluster.drain("node2")
        others = set(cluster.nodes) - {"node2"}
        eventually(lambda: nodes_of_pods(cluster, namespace) == others, "all pods are on the other nodes")
        cluster.kubectl("rollout", "status", "deployment/servers", "-n", namespace, "--timeout=120s")
    finally:
        cluster.uncordon("node2")


def test_a_killed_server_is_started_again(cluster: Cluster, namespace: str, servers: list[str]) -> None:
    cluster.kill_server(namespace, servers[0])

    def restarts() -> int:
        [status] = cluster.get("pod", servers[0], "-n", namespace)["status"]["containerStatuses"]
        return status["restartCount"] if status["ready"] else 0

    assert eventually(restarts, "the server is ready again") == 1


def test_pods_wait_for_gpus_until_a_node_has_them(cluster: Cluster, namespace: str, answerer: str) -> None:
    gpus = {"limits": {"nvidia.com/gpu": "2"}}
    cluster.apply(deployment(namespace, "gpu-server", answerer, replicas=1, resources=gpus))
    eventually(lambda: "Insufficient nvidia.com/gpu" in cluster.kubectl("get", "events", "-n", namespace), "it waits")
    try:
        cluster.pretend_gpus("node2", 2)
        cluster.kubectl("rollout", "status", "deployment/gpu-server", "-n", namespace, "--timeout=120s")
        assert nodes_of_pods(cluster, namespace) == {"node2"}
    finally:
        cluster.pretend_gpus("node2", 0)


def test_the_restricted_level_refuses_a_privileged_pod(cluster: Cluster, namespace: str, answerer: str) -> None:
    words = ("run", "root", "--image", answerer, "--privileged", "-n", namespace)
    refused = cluster.try_kubectl(*words)
    assert refused.returncode != 0
    assert re.search(r'violates PodSecurity "restricted:latest": privileged', refused.stderr)


def test_a_service_account_has_no_rights_of_its_own(cluster: Cluster, namespace: str) -> None:
    account = f"system:serviceaccount:{namespace}:default"
    asked = cluster.try_kubectl("auth", "can-i", "list", "secrets", "-n", namespace, "--as", account)
    assert asked.stdout.strip() == "no"
