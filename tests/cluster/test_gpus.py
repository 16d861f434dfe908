"""Models on GPUs that the scheduler believes in: none, one too few, a sick one, one to spare."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drivers.cluster.cluster import Cluster
from drivers.cluster.programs.node import PAUSE_IMAGE
from drivers.eventually import eventually
from drivers.packed_images import GPU_IMAGES, MODEL_PATH, TOKEN_SECONDS, write_archives
from drivers.stack_in_cluster import StackInCluster, a_model, stack_in
from drivers.streams import answer, asking, clients

from llmctl.infra.kubernetes.phases import Phase

LONG = 240
"""Tokens; 120 s at the pace of the image."""

SOON = 20
"""Seconds that a start may take which is meant to fail."""

MODEL_DIRECTORY = str(Path(MODEL_PATH).parent)
GPU_NODE, OTHER_NODE = "node1", "node2"

assert LONG * TOKEN_SECONDS >= 120


@pytest.fixture(scope="module", autouse=True)
def _engines(cluster: Cluster, packed_images: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    for archive in write_archives(tmp_path_factory.mktemp("engines"), GPU_IMAGES).values():
        cluster.load_image(archive)


@pytest.fixture(autouse=True)
def _no_gpus_afterwards(cluster: Cluster) -> Iterator[None]:
    yield
    for node in cluster.nodes:
        cluster.pretend_gpus(node, 0)


@pytest.fixture
def stack(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[StackInCluster]:
    with stack_in(
        cluster, tmp_path, request.node.name.removeprefix("test_").replace("_", "-")[:40].strip("-")
    ) as stack:
        yield stack


@pytest.fixture(scope="module")
def serving(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackInCluster]:
    """A stack that answers from the only GPU, which it keeps from test to test."""
    cluster.pretend_gpus(GPU_NODE, 1)
    with stack_in(cluster, tmp_path_factory.mktemp("serving"), "serving") as stack:
        on_a_gpu(stack)
        assert "an update of small takes it away for up to" in notes(stack)
        stack.is_up()
        yield stack


def on_a_gpu(stack: StackInCluster, node: str | None = None, **settings: Any) -> None:
    """One model, `small`, on an L4 of any node or of one."""
    gpu = {"engine": "tgi", "accelerator": "l4:1", "threads": 0, "weights": {"source": "image", "url": MODEL_DIRECTORY}}
    model = a_model(**{**gpu, "maxTotalTokens": 512, "maxBatchSize": 16, **settings})
    selector = {"nodeSelector": {"kubernetes.io/hostname": node}} if node else {}
    stack.has({"small": model}, cluster=selector, gateway={"requestsPerMinute": 100_000})


def notes(stack: StackInCluster) -> str:
    preview = stack.llmctl("preview", "--json")
    assert preview.code == 0, preview.err
    return " ".join(preview.json["notes"])


def test_a_gpu_that_does_not_exist_fails_up_with_its_cause_and_down_leaves_nothing(stack: StackInCluster) -> None:
    on_a_gpu(stack, startupSeconds=SOON)
    assert "no node has 1 free nvidia.com/gpu: small starts only if one comes within 20 s" in notes(stack)
    up = stack.llmctl("up")
    [pod] = names(stack)
    cause = f"None of the {len(stack.cluster.nodes)} nodes has nvidia.com/gpu; {pod} needs 1."
    assert (up.code, f"{cause} Add a GPU node" in up.err) == (1, True), up.err
    assert "timed out" not in up.err
    assert cause in stack.llmctl("why").out
    assert stack.llmctl("down").code == 0
    assert stack.objects() == []
    assert stack.cluster.try_kubectl("get", "namespace", stack.namespace).returncode != 0


def names(stack: StackInCluster) -> list[str]:
    return [pod["metadata"]["name"] for pod in stack.pods("model-server")]


def test_who_holds_the_gpus_is_said(stack: StackInCluster) -> None:
    stack.cluster.pretend_gpus(GPU_NODE, 1)
    stack.cluster.apply(a_holder("training", GPU_NODE))
    try:
        eventually(lambda: stack.cluster.get("pod", "training")["spec"].get("nodeName"))
        on_a_gpu(stack, startupSeconds=SOON)
        assert "no node has 1 free nvidia.com/gpu" in notes(stack)
        up = stack.llmctl("up")
        cause = f"0/{len(stack.cluster.nodes)} nodes have a free nvidia.com/gpu; 1 is held by default/training (1)."
        assert (up.code, cause in up.err) == (1, True), up.err
        assert cause in stack.llmctl("why").out
        assert the_replica(stack)["phase"] == Phase.UNSCHEDULED
    finally:
        stack.cluster.kubectl("delete", "pod", "training", "--grace-period=0", "--force")


def a_holder(name: str, node: str) -> dict[str, Any]:
    """A pod that holds a GPU and does nothing with it."""
    limits = {"limits": {"nvidia.com/gpu": "1"}}
    container = {"name": "holder", "image": PAUSE_IMAGE, "imagePullPolicy": "Never", "resources": limits}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [container], "nodeSelector": {"kubernetes.io/hostname": node}},
    }


def the_replica(stack: StackInCluster) -> Any:
    [model] = stack.llmctl("status", "--json").json["models"]
    [replica] = model["replicas"]
    return replica


def test_a_sick_gpu_takes_no_requests_and_is_named(stack: StackInCluster) -> None:
    stack.cluster.pretend_gpus(GPU_NODE, 1)
    on_a_gpu(stack, startupSeconds=SOON, engine="vllm")
    up = stack.llmctl("up")
    [pod] = names(stack)
    cause = f"The check of the GPUs of {pod} ended"
    assert (up.code, cause in up.err) == (1, True), up.err
    assert "GPU 0 multiplies wrong. Drain the node" in up.err
    assert "GPU 0 multiplies wrong" in stack.llmctl("why").out
    [status] = stack.pods("model-server")[0]["status"]["containerStatuses"]
    assert (status["ready"], status.get("started"), status["restartCount"]) == (False, False, 0)
    guest = stack.keys("create", "guest", "--json")
    refused = answer(stack.url(), "small", guest.json["key"])
    assert (refused.status, refused.error) == (429, "replicas_not_ready")


def test_without_a_spare_gpu_the_downtime_is_announced_and_clients_are_told_to_come_back(
    serving: StackInCluster,
) -> None:
    stack = serving
    stack.cluster.pretend_gpus(GPU_NODE, 1)
    assert stack.llmctl("preview", "--json").json["changes"] == {}
    assert the_replica(stack)["gpus"] == "1 nvidia.com/gpu"
    url, key = stack.url(), stack.key()
    on_a_gpu(stack, maxConcurrentRequests=64)
    assert "an update of small takes it away for up to" in notes(stack)
    with clients(8, url, "small", key, LONG) as crowd:
        eventually(lambda: crowd.running == 8)
        crowd.stop()
        with asking(url, "small", key) as asked:
            stack.is_up()
            new = len(asked.answers)
            eventually(lambda: len(asked.answers) > new + 3)
    assert (crowd.broken(), len(crowd.ended)) == ([], 8)
    assert asked.kinds() <= {(200, ""), (429, "replicas_not_ready"), (429, "queue_timeout")}
    assert asked.had(429)
    assert all(each.retry_after for each in asked.answers if each.status == 429)
    assert {each.status for each in asked.answers[new + 1 :]} == {200}


def test_with_a_spare_gpu_no_request_is_refused_during_an_update(serving: StackInCluster) -> None:
    stack = serving
    stack.cluster.pretend_gpus(GPU_NODE, 1)
    stack.cluster.pretend_gpus(OTHER_NODE, 1)
    [before] = names(stack)
    on_a_gpu(stack, maxConcurrentRequests=48)
    assert "takes it away" not in notes(stack)
    with asking(stack.url(), "small", stack.key()) as asked:
        stack.is_up()
        eventually(lambda: before not in names(stack))
    assert asked.kinds() == {(200, "")}
