"""Long streams through everything that happens to a stack: none is cut, none fails."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from drivers.cluster.cluster import Cluster
from drivers.eventually import eventually
from drivers.gateway_state import servers
from drivers.packed_images import PACED_SERVER, TOKEN_SECONDS
from drivers.stack_in_cluster import StackInCluster, a_model, stack_in
from drivers.streams import clients

LONG = 240
"""Tokens; 120 s at the pace of the image."""

assert LONG * TOKEN_SECONDS >= 120


@pytest.fixture(scope="module")
def stack(cluster: Cluster, packed_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackInCluster]:
    with stack_in(cluster, tmp_path_factory.mktemp("user"), "streams") as stack:
        paced(stack)
        stack.is_up()
        yield stack


def paced(stack: StackInCluster, **settings: object) -> None:
    stack.has({"paced": a_model(**{"maxBatchSize": 8, "replicas": 2, **settings})}, image=PACED_SERVER)


def test_no_stream_fails_or_is_cut_through_all_changes(stack: StackInCluster) -> None:
    with clients(8, stack.url(), "paced", stack.key(), LONG) as crowd:
        eventually(lambda: crowd.running == 8)
        rolling_update(stack)
        a_pod_is_deleted(stack)
        a_gateway_is_replaced(stack)
        a_key_is_added_and_revoked(stack)
        a_node_is_drained(stack)
        scaled(stack, 3)
        scaled(stack, 1)
    assert crowd.broken() == []
    assert len(crowd.ended) >= 16, "streams began and ended all through the changes"


def rolling_update(stack: StackInCluster) -> None:
    before = {pod["metadata"]["name"] for pod in stack.pods("model-server")}
    paced(stack, maxConcurrentRequests=64)
    stack.is_up()
    assert not before & {pod["metadata"]["name"] for pod in stack.pods("model-server")}


def a_pod_is_deleted(stack: StackInCluster) -> None:
    stack.cluster.kubectl("-n", stack.namespace, "delete", "pod", name_of(stack, "model-server"), "--wait=false")
    eventually(lambda: ready(stack, "model-server") == 2)


def a_gateway_is_replaced(stack: StackInCluster) -> None:
    stack.cluster.kubectl("-n", stack.namespace, "delete", "pod", name_of(stack, "gateway"), "--wait=false")
    eventually(lambda: ready(stack, "gateway") == 2)


def a_key_is_added_and_revoked(stack: StackInCluster) -> None:
    created = stack.keys("create", "guest", "--json")
    assert created.code == 0, created.err
    revoked = stack.keys("revoke", "guest")
    assert revoked.code == 0, revoked.err


def a_node_is_drained(stack: StackInCluster) -> None:
    node = stack.pods("model-server")[0]["spec"]["nodeName"]
    stack.cluster.drain(node)
    stack.cluster.uncordon(node)
    eventually(lambda: ready(stack, "model-server") == 2)


def scaled(stack: StackInCluster, replicas: int) -> None:
    paced(stack, maxConcurrentRequests=64, replicas=replicas)
    stack.is_up()


def test_a_replica_killed_in_the_middle_fails_its_own_streams_only_and_visibly(stack: StackInCluster) -> None:
    paced(stack, maxConcurrentRequests=64)
    stack.is_up()
    with clients(4, stack.url(), "paced", stack.key(), LONG) as crowd:
        eventually(lambda: crowd.running == 4)
        crowd.stop()
        stack.cluster.signal(stack.namespace, name_of(stack, "model-server"), signal.SIGKILL)
    assert all(each.status == 200 and not each.done and each.error for each in crowd.broken())
    assert 0 < len(crowd.broken()) < len(crowd.ended)


ROOMY = 16
"""Requests at once of one replica, so that one of two gateways has room for all streams on the only replica left."""


def test_a_replica_killed_while_it_is_idle_fails_no_stream(stack: StackInCluster) -> None:
    """Of the six streams that begin as it dies, each would go there with even odds: the gateways do not know yet."""
    paced(stack, maxBatchSize=ROOMY, replicas=1)
    stack.is_up()
    [busy] = [pod["metadata"]["name"] for pod in stack.pods("model-server")]
    with clients(2, stack.url(), "paced", stack.key(), LONG) as before:
        eventually(lambda: before.running == 2)
        paced(stack, maxBatchSize=ROOMY, replicas=2)
        stack.is_up()
        [idle] = [pod for pod in stack.pods("model-server") if pod["metadata"]["name"] != busy]
        eventually(lambda: is_idle(stack, idle["status"]["podIP"]), "all gateways see a replica without a stream")
        stack.cluster.kill_server(stack.namespace, idle["metadata"]["name"])
        with clients(6, stack.url(), "paced", stack.key(), LONG) as after:
            eventually(lambda: restarts_of(stack, idle["metadata"]["name"]) and ready(stack, "model-server") == 2)
    assert before.broken() + after.broken() == []
    assert len(before.ended) >= 2, "streams that ran when it died came to their end"
    assert len(after.ended) >= 6, "and so did those that began then"


def is_idle(stack: StackInCluster, address: str) -> bool:
    """Every gateway would send requests to this replica, and has sent none that still runs."""
    seen = [[each for each in known if each.address == address] for known in servers(stack)]
    return all(each and each[0].up and not each[0].working for each in seen)


def restarts_of(stack: StackInCluster, pod: str) -> int:
    [found] = [each for each in stack.pods("model-server") if each["metadata"]["name"] == pod]
    return int(found["status"]["containerStatuses"][0]["restartCount"])


def name_of(stack: StackInCluster, component: str) -> str:
    return str(stack.pods(component)[0]["metadata"]["name"])


def ready(stack: StackInCluster, component: str) -> int:
    conditions = (pod["status"].get("conditions", ()) for pod in stack.pods(component))
    return sum(any(c["type"] == "Ready" and c["status"] == "True" for c in each) for each in conditions)
