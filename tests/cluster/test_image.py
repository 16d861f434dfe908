"""Our server's image in pods of a namespace with the restricted level, as its ContainerSpec wants them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from drivers.cluster.cluster import Cluster
from drivers.cluster.workloads import service
from drivers.packed_images import MODEL_PATH, SERVER_WITH_MODEL

from llmctl.serving.engines.container import ContainerSpec, Image
from llmctl.serving.manifests import container as manifest
from llmctl.serving.server.container import USER, container
from llmctl.serving.spec import HostNeeds, ServingSpec

REPOSITORY, _, TAG = SERVER_WITH_MODEL.rpartition(":")
SERVER = container(
    ServingSpec(
        model=MODEL_PATH,
        served_name="small",
        accelerator=None,
        gpus=0,
        max_total_tokens=512,
        max_batch_size=2,
        host=HostNeeds(memory=1 << 30, shared_memory=0, disk=1 << 20, cpus=0.5),
    ),
    Image(repository=REPOSITORY, tag=TAG),
)

TOKENS = 40
PACED = replace(SERVER, command=("python3", "-m", "paced_server"), env={**SERVER.env, "PACED_TOKEN_SECONDS": "0.5"})
"""An answer of TOKENS takes 20 s, so SIGTERM, which comes 10 s after the decision, finds it half-way."""


def pod(namespace: str, spec: ContainerSpec) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "server", "namespace": namespace, "labels": {"app": "server"}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": spec.shutdown.grace_seconds,
            "containers": [manifest.container("server", spec)],
            "volumes": [manifest.volume(volume) for volume in spec.volumes],
        },
    }


@pytest.fixture
def spec() -> ContainerSpec:
    return SERVER


@pytest.fixture
def client(cluster: Cluster, packed_images: None, namespace: str, spec: ContainerSpec) -> Iterator[httpx.Client]:
    """Of a server that is ready."""
    cluster.apply(pod(namespace, spec), service(namespace, "server"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/server", "-n", namespace, "--timeout=180s")
    with httpx.Client(base_url=cluster.service_url(namespace, "server", 80), trust_env=False, timeout=60) as client:
        yield client


def question(**more: Any) -> dict[str, Any]:
    messages = [
        {"role": "system", "content": "Answer in one short English sentence."},
        {"role": "user", "content": "What is the capital of France?"},
    ]
    return {"model": "small", "temperature": 0, "messages": messages, **more}


def test_the_server_answers_a_chat(client: httpx.Client) -> None:
    answer = client.post("/v1/chat/completions", json=question())
    assert "Paris" in answer.json()["choices"][0]["message"]["content"]


def test_nobody_writes_to_the_root_or_has_rights(cluster: Cluster, client: httpx.Client, namespace: str) -> None:
    look = (
        "import os; print(os.getuid(), os.access('/app', os.W_OK), os.access('/tmp', os.W_OK), os.listdir('/models'))"
    )
    said = cluster.kubectl("exec", "-n", namespace, "server", "--", "python3", "-c", look).split(maxsplit=3)
    assert said[:3] == [str(USER), "False", "True"]
    status = cluster.kubectl(
        "exec", "-n", namespace, "server", "--", "python3", "-c", "print(open('/proc/1/status').read())"
    )
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(facts["CapEff"], 16) == 0
    assert facts["NoNewPrivs"] == "1"
    assert facts["Seccomp"] == "2"


@pytest.mark.parametrize("spec", [PACED], ids=["paced"])
def test_a_stream_that_runs_when_its_pod_is_deleted_comes_to_its_end(
    cluster: Cluster, client: httpx.Client, namespace: str, spec: ContainerSpec
) -> None:
    events = []
    with client.stream("POST", "/v1/chat/completions", json=question(stream=True, max_tokens=TOKENS)) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                events.append(line.removeprefix("data: "))
                if len(events) == 1:
                    cluster.kubectl("delete", "pod", "server", "-n", namespace, "--wait=false")
    assert events[-1] == "[DONE]"
    assert json.loads(events[-2])["choices"][0]["finish_reason"] == "length"
    assert len(events) == TOKENS + 1
