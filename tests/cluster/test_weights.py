"""Weights from outside the image: of a Hub mirror through the relay, and of a volume, into pods that serve them."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from doubles.hub import HubDouble, hub_double
from drivers.cluster.cluster import Cluster
from drivers.eventually import eventually
from drivers.model_server import embedded_model
from drivers.stack_in_cluster import MODEL, STACK, StackInCluster, a_model, stack_in

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
TOKEN = "hf_only-the-relay-knows"
QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def mirror(cluster: Cluster) -> Iterator[HubDouble]:
    """At the host's end of the uplink, where pods reach it as a machine outside the cluster; its files are gated."""
    with hub_double(str(cluster.addresses.host)) as hub:
        hub.has(MODEL, {FILE: embedded_model().read_bytes()})
        hub.knows_the_token(TOKEN)
        hub.has_accepted_the_licence(MODEL)
        yield hub


def mirrored(cluster: Cluster, hub: HubDouble) -> dict[str, Any]:
    networks = [f"{cluster.addresses.host}/32"]
    return a_model(weights={"source": "hub", "url": hub.endpoint, "networks": networks})


@pytest.fixture(scope="module")
def up(
    cluster: Cluster, mirror: HubDouble, packed_images: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StackInCluster]:
    with stack_in(cluster, tmp_path_factory.mktemp("mirrored"), "mirrored") as stack:
        stack.has({"small": mirrored(cluster, mirror)})
        stack.has_the_secret("hubToken", TOKEN)
        stack.laptop.environ["HF_TOKEN"] = TOKEN
        stack.is_up()
        yield stack


def test_a_gated_model_comes_from_a_mirror_through_the_relay_and_answers(up: StackInCluster, mirror: HubDouble) -> None:
    assert "Paris" in up.llmctl("chat", QUESTION).out
    assert {seen.authorization for seen in mirror.requests if seen.server == "storage"} == {None}


def test_the_relay_may_leave_the_cluster_on_the_mirrors_port_and_the_server_not_at_all(
    up: StackInCluster, mirror: HubDouble
) -> None:
    rules = up.cluster.get("networkpolicy", "weights", "-n", up.namespace)["spec"]["egress"]
    outside = [rule for rule in rules if "ipBlock" in rule["to"][0]]
    assert [rule["to"] for rule in outside] == [[{"ipBlock": {"cidr": f"{up.cluster.addresses.host}/32"}}]]
    assert [port["port"] for rule in outside for port in rule["ports"]] == [
        443,
        int(mirror.endpoint.rpartition(":")[2]),
    ]
    of_server = up.cluster.get("networkpolicy", "small", "-n", up.namespace)["spec"]["egress"]
    assert not [peer for rule in of_server for peer in rule["to"] if "ipBlock" in peer]


def test_the_token_is_in_the_relays_secret_and_nowhere_else(up: StackInCluster) -> None:
    forms = (TOKEN, base64.b64encode(TOKEN.encode()).decode())
    found = {
        f"{item['kind']}/{item['metadata']['name']}"
        for kinds in ("secrets", "all,configmaps,events,replicasets")
        for item in up.cluster.get(kinds, "-n", up.namespace)["items"]
        if any(form in json.dumps(item) for form in forms)
    }
    assert found == {"Secret/hub-token"}
    readers = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]
        for pod in up.cluster.get("pods", "-n", up.namespace)["items"]
        if "hub-token" in json.dumps(pod)
    }
    assert readers == {"weights"}


def test_the_token_is_not_shown_nor_written_in_clear(up: StackInCluster) -> None:
    shown = [up.llmctl(*words) for words in (("render",), ("status",), ("logs",), ("preview",), ("up", "--json"))]
    written = [path for path in up.laptop.directory.rglob("*") if path.is_file() and TOKEN in _text(path)]
    logs = up.cluster.kubectl("logs", "-n", up.namespace, "deployment/weights", "--all-containers")
    assert not [ran for ran in shown if ran.code]
    assert TOKEN not in "".join(ran.out + ran.err for ran in shown) + logs
    assert written == []


def test_a_second_up_without_the_hub_changes_nothing(up: StackInCluster, cluster: Cluster, mirror: HubDouble) -> None:
    asked = len(mirror.requests)
    again = up.llmctl("up", "--json")
    assert (again.code, again.json["plan"]["changes"]) == (0, {}), again.err
    assert len(mirror.requests) == asked


def test_other_bytes_than_were_listed_fail_with_the_fetchers_sentence(
    cluster: Cluster, mirror: HubDouble, up: StackInCluster
) -> None:
    whole = embedded_model().read_bytes()
    mirror.serves_other_bytes(whole[:-1] + bytes([whole[-1] ^ 1]), instead_of=whole)
    content = yaml.safe_load(up.file.read_text())  # with the secret in it
    content["config"]["llmctl:models"]["damaged"] = mirrored(cluster, mirror) | {"startupSeconds": 60}
    up.file.write_text(yaml.safe_dump(content))
    failed = up.llmctl("up")
    assert failed.code == 1
    assert "a file of the weights is not what it should be" in failed.err, failed.err
    assert FILE in failed.err, failed.err
    assert "Traceback" not in failed.err + failed.out


def test_weights_come_from_a_volume_with_checksums(
    cluster: Cluster, packed_images: None, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    volume = tmp_path_factory.mktemp("volume")
    volume.chmod(0o755)
    (volume / FILE).write_bytes(embedded_model().read_bytes())
    digest = hashlib.sha256((volume / FILE).read_bytes()).hexdigest()
    (volume / "SHA256SUMS").write_text(f"{digest}  ./{FILE}\n")
    with stack_in(cluster, tmp_path, "claimed") as stack:
        stack.has({"small": a_model(weights={"source": "pvc", "url": f"models/{FILE}"}, startupSeconds=120)})
        up = stack.laptop.begins("up", STACK, "--yes")
        eventually(lambda: cluster.try_kubectl("get", "namespace", stack.namespace).returncode == 0, "the namespace")
        cluster.apply(*_claimed(volume, stack.namespace))
        out, err = up.communicate()
        assert up.returncode == 0, out + err
        assert "Paris" in stack.llmctl("chat", QUESTION).out
        assert stack.pods("weights") == []
    cluster.kubectl("delete", "persistentvolume", "models", "--wait=false")


def _claimed(directory: Path, namespace: str) -> list[dict[str, Any]]:
    """A volume that is a directory of this machine, and a claim that it is bound to."""
    size = {"storage": "1Gi"}
    common = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": "models"},
            "spec": {**common, "capacity": size, "hostPath": {"path": str(directory)}},
        },
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "models", "namespace": namespace},
            "spec": {**common, "volumeName": "models", "resources": {"requests": size}},
        },
    ]


def _text(path: Path) -> str:
    return path.read_text(errors="replace")
