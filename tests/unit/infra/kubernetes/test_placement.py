"""What `why` says of a pod that no node takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from doubles.cluster_objects import ClusterDouble, foreign_pod, node

from llmctl.infra.kubernetes.diagnosis.causes import first_cause

GPU_TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


def no_gpu_anywhere(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a"), node("b"), node("c")]
    cluster.pod(gpus=1)


def gpus_that_others_hold(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a"), node("b", gpus=1), node("c", gpus=1)]
    cluster.foreign_pods = [foreign_pod("train", "b", gpus=1), foreign_pod("notebook", "c", gpus=1)]
    cluster.pod(gpus=1)


def gpus_that_the_old_replica_holds(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", gpus=2)]
    cluster.pod(gpus=2, on="a")
    cluster.pod(gpus=2)


def more_gpus_than_any_node_has(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", gpus=2), node("b", gpus=4)]
    cluster.pod(gpus=8)


def a_gpu_without_its_device_plugin(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", labels={"nvidia.com/gpu.present": "true"}), node("b")]
    cluster.pod(gpus=1)


def a_taint(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a"), node("b", gpus=1, taints=[GPU_TAINT])]
    cluster.pod(gpus=1, tolerations=[{"key": "spot", "operator": "Exists"}])


def a_label_that_no_node_has(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", labels={"pool": "cpu"}), node("b", labels={"pool": "web"})]
    cluster.pod(selector={"pool": "gpu"})


def a_drained_node(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", cordoned=True)]
    cluster.pod()


def a_dead_node(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", ready="Unknown", reason="NodeStatusUnknown")]
    cluster.pod()


def too_little_memory_free(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", memory="64Gi"), node("b", memory="32Gi")]
    cluster.foreign_pods = [foreign_pod("cache", "a", memory="60Gi"), foreign_pod("db", "b", memory="30Gi")]
    cluster.pod(memory="32Gi")


def more_memory_than_any_node_has(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", memory="16Gi")]
    cluster.pod(memory="32Gi")


def too_few_processors(cluster: ClusterDouble) -> None:
    cluster.nodes = [node("a", cpus=2)]
    cluster.pod(cpu="2500m")


def nodes_that_may_not_be_looked_at(cluster: ClusterDouble) -> None:
    cluster.nodes_are_hidden = True
    cluster.pod(gpus=1)


SENTENCES: dict[Callable[[ClusterDouble], None], str] = {
    no_gpu_anywhere: "None of the 3 nodes has nvidia.com/gpu; chat-7d9f-1 needs 1.",
    gpus_that_others_hold: (
        "0/3 nodes have a free nvidia.com/gpu; 2 are held by other/train (1) and other/notebook (1)."
    ),
    gpus_that_the_old_replica_holds: "0/1 nodes have 2 free nvidia.com/gpu; 2 are held by dev/chat-7d9f-1 (2).",
    more_gpus_than_any_node_has: "chat-7d9f-1 needs 8 nvidia.com/gpu on one node; the most that one has is 4 (b).",
    a_gpu_without_its_device_plugin: (
        "None of the 2 nodes offers nvidia.com/gpu, though a has a GPU: the device plugin does not run there."
    ),
    a_taint: (
        "0/2 nodes take chat-7d9f-1: b is tainted with nvidia.com/gpu=present:NoSchedule, which it does not tolerate."
    ),
    a_label_that_no_node_has: ("0/2 nodes have pool=gpu, which chat-7d9f-1 asks for; there is pool=cpu and pool=web."),
    a_drained_node: "0/1 nodes take chat-7d9f-1: a is cordoned.",
    a_dead_node: "0/1 nodes take chat-7d9f-1: a (NodeStatusUnknown) is not ready.",
    too_little_memory_free: (
        "0/2 nodes have 32.0 GiB memory free for chat-7d9f-1; the most is 4.0 GiB of 64.0 GiB (a)."
    ),
    more_memory_than_any_node_has: (
        "0/1 nodes have 32.0 GiB memory free for chat-7d9f-1; the most is 16.0 GiB of 16.0 GiB (a)."
    ),
    too_few_processors: ("0/1 nodes have 2.5 processor cores free for chat-7d9f-1; the most is 2 of 2 (a)."),
    nodes_that_may_not_be_looked_at: (
        "No node takes chat-7d9f-1: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu. "
        "preemption: 0/3 nodes are available."
    ),
}


@pytest.mark.parametrize("trouble", SENTENCES, ids=lambda trouble: trouble.__name__)
def test_a_pod_without_a_node_is_explained_by_what_every_node_lacks(trouble: Callable[[ClusterDouble], None]) -> None:
    cluster = ClusterDouble()
    trouble(cluster)
    diagnosis = first_cause(cluster.snapshot(), {})
    assert diagnosis.sentence == SENTENCES[trouble]
    assert diagnosis.wrong
    assert diagnosis.fix
    assert diagnosis.about == f"pod/{cluster.pods[-1]['metadata']['name']}"


def test_a_node_that_is_on_its_way_is_waited_for() -> None:
    cluster = ClusterDouble(nodes=[node("a")])
    pod = cluster.pod(gpus=1)
    cluster.event(pod, "Pod", "TriggeredScaleUp", "pod triggered scale-up: [{gpu-pool 0->1 (max: 3)}]")
    diagnosis = first_cause(cluster.snapshot(), {})
    assert not diagnosis.wrong
    assert diagnosis.sentence.endswith("; a node is being added.")


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": "nvidia.com/gpu", "operator": "Exists"},
        {"operator": "Exists"},
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
    ],
)
def test_a_tolerated_taint_is_no_obstacle(toleration: dict[str, str]) -> None:
    cluster = ClusterDouble(nodes=[node("a", gpus=1, taints=[GPU_TAINT])])
    cluster.foreign_pods = [foreign_pod("train", "a", gpus=1)]
    cluster.pod(gpus=1, tolerations=[toleration])
    assert first_cause(cluster.snapshot(), {}).sentence.startswith("0/1 nodes have a free nvidia.com/gpu")


def test_pods_that_have_ended_hold_nothing() -> None:
    cluster = ClusterDouble(nodes=[node("a", gpus=1)])
    cluster.foreign_pods = [foreign_pod("train", "a", gpus=1)]
    cluster.foreign_pods[0]["status"]["phase"] = "Succeeded"
    cluster.pod(gpus=1)
    assert first_cause(cluster.snapshot(), {}).sentence.startswith("No node takes chat-7d9f-1: 0/3 nodes")
