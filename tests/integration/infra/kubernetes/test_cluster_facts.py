"""What a plan has to know of a cluster, read from its API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from doubles.cluster_api import ClusterApi
from doubles.cluster_objects import foreign_pod, node
from drivers.stacks import from_hub

from llmctl.infra.kubernetes.account import Account
from llmctl.infra.kubernetes.cluster_facts import ClusterFacts, read_cluster
from llmctl.serving.manifests.spec import Features
from llmctl.serving.manifests.weights import CONFIGURATION, FILE
from llmctl.serving.weights.configuration import WeightsConfiguration

GPU = "nvidia.com/gpu"
CONFIGMAP = f"/api/v1/namespaces/dev/configmaps/{CONFIGURATION}"


def facts(directory: Path, api: ClusterApi) -> ClusterFacts:
    with api.kubeconfig(directory) as file:
        return read_cluster(Account.open(str(file), "lab"), "dev")


def test_a_cluster_is_told_by_its_uid_and_by_what_it_serves(tmp_path: Path) -> None:
    found = facts(tmp_path, ClusterApi(uid="two", groups=["apps", "keda.sh", "monitoring.coreos.com"]))
    assert found == ClusterFacts(uid="two", features=Features(keda=True, prometheus_operator=True))


def test_what_others_hold_of_a_node_is_not_free_and_what_the_stack_holds_is(tmp_path: Path) -> None:
    pods = [foreign_pod("training", "node1", gpus=3), foreign_pod("ours", "node1", gpus=2, namespace="dev")]
    [room] = facts(tmp_path, ClusterApi(nodes=[node("node1", gpus=8)], pods=pods)).nodes
    assert (room.free[GPU], room.free["cpu"]) == (5, 16_000)


def test_nodes_that_take_no_pods_have_no_room(tmp_path: Path) -> None:
    nodes = [node("well"), node("cordoned", cordoned=True), node("lost", ready="Unknown")]
    assert [room.name for room in facts(tmp_path, ClusterApi(nodes=nodes)).nodes] == ["well"]


def test_files_that_the_last_up_listed_are_known(tmp_path: Path) -> None:
    text = WeightsConfiguration(models={"chat": from_hub()}).to_json()
    api = ClusterApi(objects={CONFIGMAP: {"data": {FILE: text}}})
    assert facts(tmp_path, api).weights == {"chat": from_hub()}


@pytest.mark.parametrize("data", [{}, {FILE: "no json"}, {FILE: json.dumps({"models": {"chat": {}}})}])
def test_a_list_of_files_that_somebody_changed_by_hand_is_as_good_as_none(tmp_path: Path, data: dict[str, Any]) -> None:
    assert facts(tmp_path, ClusterApi(objects={CONFIGMAP: {"data": data}})).weights == {}
