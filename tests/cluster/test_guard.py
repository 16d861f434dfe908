"""Another cluster under the same name, a namespace of others, and a cluster that is no more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from drivers.cluster.cluster import Cluster, name_beside
from drivers.silent_server import silent_server
from drivers.stack_in_cluster import STACK, StackInCluster, stack_in

REFUSED = 6


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    running = Cluster.start(tmp_path_factory.mktemp("other"), name=name_beside("other"), nodes=1)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def up(cluster: Cluster, packed_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackInCluster]:
    """A stack whose kubeconfig is a file of its own, so that it can be swapped."""
    directory = tmp_path_factory.mktemp("guarded")
    with stack_in(cluster, directory, "guarded") as stack:
        shutil.copy(cluster.kubeconfig, directory / "kubeconfig")
        stack.has(cluster={"kubeconfig": str(directory / "kubeconfig")})
        stack.is_up()
        yield stack
        leads_to(stack, cluster)


def leads_to(stack: StackInCluster, cluster: Cluster, **changed: str) -> None:
    """The stack's context leads to this cluster, under the name that it had."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["contexts"][0]["name"] = config["current-context"] = stack.cluster.context
    config["clusters"][0]["cluster"] |= changed
    (stack.laptop.home.parent / "kubeconfig").write_text(yaml.safe_dump(config))


def uid(cluster: Cluster) -> str:
    return str(cluster.get("namespace", "kube-system")["metadata"]["uid"])


def versions(stack: StackInCluster, cluster: Cluster) -> dict[str, str]:
    """Of every object in the stack's namespace: another one after any write."""
    kinds = "deployments,services,configmaps,secrets,networkpolicies,resourcequotas"
    found = cluster.get(kinds, "-n", stack.namespace)["items"]
    return {f"{one['kind']}/{one['metadata']['name']}": one["metadata"]["uid"] for one in found}


@pytest.mark.parametrize("words", [("preview",), ("up",), ("down",)], ids="/".join)
def test_another_cluster_of_the_same_name_is_refused_and_left_alone(
    up: StackInCluster, cluster: Cluster, other: Cluster, words: tuple[str, ...]
) -> None:
    before = versions(up, cluster)
    leads_to(up, other)
    ran = up.llmctl(*words)
    leads_to(up, cluster)
    assert (ran.code, ran.out) == (REFUSED, "")
    assert f"was deployed to the cluster with the UID {uid(cluster)}" in ran.err
    assert f"leads to another one ({uid(other)})" in ran.err
    assert versions(up, cluster) == before
    assert other.try_kubectl("get", "namespace", up.namespace).returncode != 0


def test_a_cluster_that_answers_is_not_gone(up: StackInCluster, cluster: Cluster) -> None:
    before = versions(up, cluster)
    ran = up.llmctl("down", "--cluster-gone")
    assert ran.code == REFUSED
    assert f"is there and answers. Take the stack down: llmctl down {STACK}" in ran.err
    assert versions(up, cluster) == before


def test_a_cluster_that_is_slow_is_not_gone(up: StackInCluster, cluster: Cluster) -> None:
    with silent_server() as address:
        leads_to(up, cluster, server=f"https://{address}")
        ran = up.llmctl("down", "--cluster-gone")
    leads_to(up, cluster)
    assert ran.code == REFUSED, ran.err
    assert "it is not taken for gone" in ran.err


def test_without_the_flag_a_cluster_that_is_not_there_is_told_in_one_sentence(
    up: StackInCluster, cluster: Cluster
) -> None:
    with silent_server() as address:
        pass
    leads_to(up, cluster, server=f"https://{address}")
    ran = up.llmctl("down")
    leads_to(up, cluster)
    assert ran.code == 1
    assert "cannot be reached" in ran.err
    assert f"llmctl down {STACK} --cluster-gone" in ran.err
    assert len(ran.err.strip().splitlines()) == 1, ran.err


def test_a_stack_is_forgotten_when_its_name_leads_to_another_cluster_which_is_left_alone(
    up: StackInCluster, cluster: Cluster, other: Cluster
) -> None:
    leads_to(up, other)
    before = {each["metadata"]["name"] for each in other.get("namespaces")["items"]}
    ran = up.llmctl("down", "--cluster-gone")
    assert ran.code == 0, ran.err
    assert "so it cannot be checked what of dev is still there" in ran.err + ran.out
    assert "deployment-gateway" in ran.err + ran.out
    assert {each["metadata"]["name"] for each in other.get("namespaces")["items"]} == before
    assert versions(up, cluster)


def test_what_was_forgotten_is_not_taken_over(up: StackInCluster, cluster: Cluster) -> None:
    """Its objects live on: a new `up` of the same name would be the second owner."""
    leads_to(up, cluster)
    ran = up.llmctl("up")
    assert ran.code == REFUSED
    assert f"it is of a stack {STACK} of another project, or of a state that was lost" in ran.err
    cluster.delete_namespace(up.namespace)
    up.is_up()


def test_a_namespace_that_llmctl_did_not_make_is_neither_taken_over_nor_deleted(
    cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    with stack_in(cluster, tmp_path, namespace) as stack:
        ran = [stack.llmctl(command) for command in ("preview", "up", "down")]
        assert {each.code for each in ran} == {REFUSED}
        assert all("llmctl did not make it" in each.err for each in ran)
        labels = cluster.get("namespace", namespace)["metadata"]["labels"]
        assert "app.kubernetes.io/managed-by" not in labels
        assert "deletionTimestamp" not in cluster.get("namespace", namespace)["metadata"]


def test_the_stack_of_a_cluster_that_ended_is_forgotten_and_comes_up_elsewhere(
    up: StackInCluster, cluster: Cluster, tmp_path: Path
) -> None:
    """The stack is carried to a cluster that is stopped, as far as its state and its kubeconfig tell."""
    with silent_server() as address:
        pass
    leads_to(up, cluster, server=f"https://{address}")
    ran = up.llmctl("down", "--cluster-gone")
    assert ran.code == 0, ran.err
    assert "Nobody answers at its address" in ran.err + ran.out
    leads_to(up, cluster)
    up.has(cluster={"kubeconfig": str(up.laptop.home.parent / "kubeconfig"), "namespace": "guarded-anew"})
    up.is_up()
    assert up.llmctl("down").code == 0
    cluster.try_kubectl("delete", "namespace", "guarded-anew", "--ignore-not-found", "--wait=false")
