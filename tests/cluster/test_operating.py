"""A stack that runs in a cluster is looked at, connected to, given keys, and asked why it is in trouble."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator

import httpx
import pytest
from drivers.cluster.cluster import Cluster
from drivers.eventually import PATIENCE_S, eventually
from drivers.stack_in_cluster import STACK, StackInCluster, a_model, stack_in

POD = re.compile(r"(?<=[a-z]-)[a-z0-9]{8,10}-[a-z0-9]{5}")


@pytest.fixture(scope="module")
def up(cluster: Cluster, packed_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackInCluster]:
    """One model with two replicas behind two gateways."""
    with stack_in(cluster, tmp_path_factory.mktemp("operator"), "operating") as stack:
        stack.has({"small": a_model(replicas=2)})
        stack.is_up()
        yield stack


def asked(url: str, key: str) -> int:
    """Status of a request that needs a key and no model server."""
    return httpx.get(f"{url}/v1/models", headers={"Authorization": f"Bearer {key}"}, trust_env=False).status_code


def every_gateway_says(up: StackInCluster, key: str, status: int) -> bool:
    """Asked one by one, past the Service."""
    for pod in up.pods("gateway"):
        with up.cluster.port_forward(up.namespace, f"pod/{pod['metadata']['name']}", 8081) as url:
            if asked(url, key) != status:
                return False
    return True


def test_status_shows_models_replicas_and_their_phase(up: StackInCluster) -> None:
    status = up.llmctl("status")
    lines = [" ".join(POD.sub("POD", line).split()) for line in status.out.splitlines()]
    assert status.code == 0, status.out + status.err
    assert lines[:3] == [f"stack {STACK} (kubernetes)", "model small", "state running, answers"]
    assert "gateways 2 of 2 ready" in lines
    assert lines[lines.index("MODEL REPLICAS WORKING ON WAITING TOKENS/S") + 1] == "small 2 of 2 warm 0 0 0"
    replicas = lines[lines.index("REPLICA PHASE AGE NODE GPU RESTARTS") + 1 :]
    assert [re.sub(r"\d+ (s|min)", "AGE", line) for line in replicas] == [
        f"small-POD warm AGE {node} none 0" for node in (pod["spec"]["nodeName"] for pod in up.pods("model-server"))
    ]


def test_nothing_is_wrong_with_a_stack_that_is_well(up: StackInCluster) -> None:
    why = up.llmctl("why")
    assert (why.code, why.out) == (0, "Nothing is wrong.\nFix: Nothing to do.\n")


def test_a_key_works_at_once_on_every_gateway_and_is_refused_at_once_when_it_is_revoked(up: StackInCluster) -> None:
    created = up.laptop.llmctl("keys", "create", STACK, "alice", "--requests-per-minute", "90", "--json")
    key = created.json["key"]
    assert len(created.json["gateways"]) == 2
    assert every_gateway_says(up, key, 200)
    listed = up.laptop.llmctl("keys", "list", STACK)
    alice = next(line for line in listed.out.splitlines() if line.startswith("alice "))
    assert alice.split()[-4:] == ["90", "2", "of", "2"]
    assert key not in listed.out
    assert key not in up.cluster.kubectl("get", "secrets", "-n", up.namespace, "-o", "json")
    assert up.laptop.llmctl("keys", "revoke", STACK, "alice").code == 0
    assert every_gateway_says(up, key, 401)


def test_a_gateway_that_starts_later_knows_the_keys(up: StackInCluster) -> None:
    key = up.laptop.llmctl("keys", "create", STACK, "bob", "--json").json["key"]
    old = [pod["metadata"]["name"] for pod in up.pods("gateway")]
    up.cluster.kubectl("delete", "pod", "-n", up.namespace, "--wait=false", *old)
    up.cluster.kubectl("rollout", "status", "deployment/gateway", "-n", up.namespace, "--timeout=120s")
    eventually(lambda: {pod["metadata"]["name"] for pod in up.pods("gateway")}.isdisjoint(old), "both are new")
    assert every_gateway_says(up, key, 200)


@pytest.fixture
def connection(up: StackInCluster) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """`llmctl connect`, and what it printed."""
    process = up.laptop.begins("connect", STACK, "--metrics", "--json")
    assert process.stdout
    said = "".join(iter(lambda: process.stdout.readline(), "}\n")) + "}"
    yield process, json.loads(said)
    process.kill()
    process.communicate()


def test_a_connection_holds_while_its_gateway_is_replaced_and_ends_with_ctrl_c(
    up: StackInCluster, connection: tuple[subprocess.Popen[str], dict[str, str]]
) -> None:
    process, said = connection
    url, key = said["endpoint"].removesuffix("/v1"), up.key()
    assert "haproxy_process" in httpx.get(said["metrics"], trust_env=False).text
    assert asked(url, key) == 200
    old = [pod["metadata"]["name"] for pod in up.pods("gateway")]
    up.cluster.kubectl("delete", "pod", "-n", up.namespace, "--wait=false", old[0])
    for _ in range(20):
        assert asked(url, key) == 200
    eventually(lambda: old[0] not in [pod["metadata"]["name"] for pod in up.pods("gateway")], "it is replaced")
    assert asked(url, key) == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0


def test_logs_of_all_replicas_are_merged(up: StackInCluster) -> None:
    logs = up.llmctl("logs", "--lines", "500")
    assert {line.split(" | ")[0] for line in logs.out.splitlines()} == {
        pod["metadata"]["name"] for pod in up.pods("model-server")
    }


def test_followed_logs_take_new_replicas_in_and_let_old_ones_go(up: StackInCluster) -> None:
    process = up.laptop.begins("logs", STACK, "--follow")
    assert process.stdout
    old = {pod["metadata"]["name"] for pod in up.pods("model-server")}
    up.cluster.kubectl("delete", "pod", "-n", up.namespace, "--wait=false", sorted(old)[0])
    try:
        assert next(line for line in process.stdout if line.split(" | ")[0] not in old)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()


def test_a_model_for_a_gpu_that_does_not_exist_is_told_as_such(up: StackInCluster) -> None:
    patch = [{"op": "add", "path": "/spec/template/spec/containers/0/resources/limits/nvidia.com~1gpu", "value": "1"}]
    words = ("deployment/small", "-n", up.namespace, "--type=json", "-p")
    up.cluster.kubectl("patch", *words, json.dumps(patch))
    try:
        why = eventually(lambda: (told := up.llmctl("why", "--json")).code and told, "something is wrong")
        sentence = f"None of the {len(up.cluster.nodes)} nodes has nvidia.com/gpu; small-POD needs 1."
        assert re.sub(POD, "POD", why.json["sentence"]) == sentence
        assert up.llmctl("status", "--json").json["healthy"], "the old replicas go on"
    finally:
        up.cluster.kubectl("rollout", "undo", "deployment/small", "-n", up.namespace)


def test_scaling_is_a_change_of_the_stack_file(up: StackInCluster) -> None:
    scaled = up.llmctl("scale", "--replicas", "1", "--yes")
    assert scaled.code == 0, scaled.err
    assert "replicas: 1" in up.file.read_text()
    eventually(lambda: len(up.pods("model-server")) == 1, "one replica is left")
