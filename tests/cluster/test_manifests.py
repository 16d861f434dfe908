"""A stack's objects, given to a real API server: validation, Pod Security, quota, gateways that start without keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from drivers.cluster.cluster import Cluster
from drivers.definitions import definitions
from drivers.eventually import eventually
from drivers.packed_images import HAPROXY
from drivers.stacks import from_claim, from_hub, on_gpus, small_model, stack, watched, with_tls

from llmctl.serving.engines.container import Image
from llmctl.serving.manifests.render import render
from llmctl.serving.manifests.spec import Features, Manifest, StackSpec
from llmctl.serving.manifests.stack import objects
from llmctl.serving.spec import EngineName

LOCAL = Image(repository=HAPROXY.rpartition(":")[0], tag=HAPROXY.rpartition(":")[2])

STACKS = {
    "processor": stack(small_model(weights=from_hub()), name="processor"),
    "claim": stack(small_model(weights=from_claim("models", "llama/8b"), least=2, most=2, surge=False), name="claim"),
    "tls": with_tls(stack(small_model(), name="tls")),
    "keda": watched(
        stack(
            on_gpus("chat", EngineName.TGI, most=3, surge=True),
            on_gpus("code", EngineName.VLLM, gpus=4),
            on_gpus("draft", EngineName.LLAMACPP, least=2, most=2),
            name="keda",
        )
    ),
    "hpa": watched(stack(small_model(most=3), name="hpa"), Features(external_metrics=True)),
}


@pytest.fixture(scope="module")
def equipped(cluster: Cluster) -> Cluster:
    """The cluster, with KEDA's and the Prometheus operator's definitions."""
    for file in definitions():
        cluster.kubectl("create", "-f", str(file))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all")
    return cluster


@pytest.fixture(scope="module", params=STACKS.values(), ids=STACKS.keys())
def spec(request: pytest.FixtureRequest, equipped: Cluster) -> Iterator[StackSpec]:
    """A stack whose namespace is there, the same for all tests of it; all that it leaves is taken away."""
    asked: StackSpec = request.param
    _apply(equipped, objects(asked)[0])
    yield asked
    _remove(equipped, asked)


def test_the_api_server_takes_all_of_a_rendered_stack_and_warns_of_root_only(
    equipped: Cluster, spec: StackSpec
) -> None:
    done = equipped.try_kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=render(spec))
    assert done.returncode == 0, done.stderr
    warned = [line for line in done.stderr.splitlines() if "Warning" in line]
    root = [model for model in spec.models if model.container.run_as_user is None]
    assert len(warned) == len(root), warned
    assert all("runAsNonRoot != true" in line and "allowPrivilegeEscalation" not in line for line in warned)


def test_every_pod_is_admitted_and_nothing_reads_otherwise_than_it_was_written(
    equipped: Cluster, spec: StackSpec
) -> None:
    equipped.kubectl("apply", "--server-side", "-f", "-", stdin=render(spec))
    for made in objects(spec):
        found = equipped.get(made["kind"], made["metadata"]["name"], "-n", spec.namespace)
        assert _differences(made, found) == []
        if made["kind"] == "Deployment":
            _admitted(equipped, spec, made)


def test_who_gets_into_the_namespace_gets_no_gpu_of_the_stack_s_neighbours(cluster: Cluster) -> None:
    spec = stack(on_gpus("code", EngineName.VLLM, gpus=4), name="quota")
    _apply(
        cluster, *(made for made in objects(spec) if made["kind"] in ("Namespace", "ResourceQuota", "ServiceAccount"))
    )
    stranger = cluster.try_kubectl("create", "-f", "-", stdin=STRANGER)
    _remove(cluster, spec)
    assert (
        "exceeded quota: stack, requested: requests.nvidia.com/gpu=9, used: requests.nvidia.com/gpu=0"
        in stranger.stderr
    )


STRANGER = """
apiVersion: v1
kind: Pod
metadata: {name: stranger, namespace: llmctl-quota}
spec:
  securityContext: {runAsNonRoot: true, runAsUser: 1, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: stranger
      image: stranger
      securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
      resources: {limits: {nvidia.com/gpu: 9}}
"""


def test_gateways_start_before_the_first_key_and_keys_survive_the_next_apply(
    cluster: Cluster, packed_images: None
) -> None:
    spec = replace(stack(small_model(), name="keys"), gateway_image=LOCAL)
    for _ in range(2):
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=render(spec))
    _rolled_out(cluster, spec)
    endpoint = f"{cluster.service_url(spec.namespace, 'gateway', 80)}/v1/models"
    assert _status(endpoint, "first") == 401

    digest = hashlib.sha256(b"first").hexdigest()
    patch = f'{{"stringData": {{"keys.map": "{digest} somebody\\n"}}}}'
    cluster.kubectl("patch", "secret", "gateway-keys", "-n", spec.namespace, "--type=merge", "-p", patch)
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=render(spec))
    cluster.kubectl("rollout", "restart", "deployment/gateway", "-n", spec.namespace)
    _rolled_out(cluster, spec)
    assert _status(endpoint, "first") == 200
    assert _status(endpoint, "second") == 401
    _remove(cluster, spec)


def _apply(cluster: Cluster, *made: Manifest) -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=text)


def _rolled_out(cluster: Cluster, spec: StackSpec) -> None:
    cluster.kubectl("rollout", "status", "deployment/gateway", "-n", spec.namespace, "--timeout=180s")


def _status(endpoint: str, key: str) -> int:
    return httpx.get(endpoint, headers={"authorization": f"Bearer {key}"}, timeout=30).status_code


def _admitted(cluster: Cluster, spec: StackSpec, made: Manifest) -> None:
    """All pods of the Deployment were created; whether they run is another question: there is no image of theirs."""
    wanted = made["spec"].get("replicas", 1)

    def answer() -> bool:
        status = cluster.get("deployment", made["metadata"]["name"], "-n", spec.namespace).get("status", {})
        refused = [one["message"] for one in status.get("conditions", ()) if one["type"] == "ReplicaFailure"]
        assert not refused, refused
        return bool(status.get("replicas") == wanted)

    eventually(answer, f"{made['metadata']['name']} has {wanted} pods")


def _differences(wanted: Any, found: Any, path: str = "") -> list[str]:
    """Where the server's object says something else than ours; what it has filled in besides is its own."""
    if isinstance(wanted, dict):
        return [
            line
            for key, value in wanted.items()
            for line in _differences(value, found.get(key) if isinstance(found, dict) else None, f"{path}.{key}")
        ]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [line for n, value in enumerate(wanted) for line in _differences(value, found[n], f"{path}[{n}]")]
    return [] if wanted == found else [f"{path}: {wanted!r} became {found!r}"]


def _remove(cluster: Cluster, spec: StackSpec) -> None:
    cluster.kubectl("delete", "namespace", spec.namespace, "--wait=false")
    cluster.kubectl("delete", "priorityclass", f"{spec.namespace}-serving", "--ignore-not-found")
