"""Kubernetes objects beside AWS resources, on one double, without an API server."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from drivers.cloud_project import CloudProject
from pulumi.automation.errors import CommandError
from pulumi_aws import kms

from llmctl.infra.kubernetes.object import KubernetesObject, cluster_provider
from llmctl.infra.rehearsal.attach import cloud_double

SECRET = "a-key-of-the-test"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudProject]:
    (tmp_path / "world").mkdir()
    with cloud_double(tmp_path / "world") as variables:
        yield CloudProject(tmp_path, variables)
    gc.collect()  # as in the conftest: here, and not in somebody else's test


def objects(replicas: int = 1, selector: str = "gateway", *, drop: bool = False) -> Any:
    def declare(opts: pulumi.ResourceOptions) -> None:
        key = kms.Key("key", opts=opts)
        provider = cluster_provider(
            "cluster", kubeconfig=key.arn.apply(str), context="test", cluster_identifier="one", delete_unreachable=drop
        )
        inside = pulumi.ResourceOptions(provider=provider)
        KubernetesObject("namespace", _named("v1", "Namespace", "demo", namespaced=False), inside)
        KubernetesObject("secret", {**_named("v1", "Secret", "keys"), "stringData": {"hash": SECRET}}, inside)
        spec = {"replicas": replicas, "selector": {"matchLabels": {"app": selector}}}
        KubernetesObject("gateway", {**_named("apps/v1", "Deployment", "gateway"), "spec": spec}, inside)

    return declare


def _named(api_version: str, kind: str, name: str, *, namespaced: bool = True) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": "demo"} if namespaced else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def test_a_cluster_made_in_the_same_run_takes_its_objects_and_gives_them_back(cloud: CloudProject) -> None:
    cloud.declares(objects())
    cloud.up()
    assert {each.id for each in cloud.there() if each.type.startswith("kubernetes:")} == {
        "demo",
        "demo/keys",
        "demo/gateway",
    }
    assert cloud.planned() == {}
    assert cloud.refresh() == {}
    cloud.destroy()
    assert cloud.there() == []


def test_a_changed_object_is_updated_or_replaced_as_on_an_api_server(cloud: CloudProject) -> None:
    cloud.declares(objects())
    cloud.up()
    cloud.declares(objects(replicas=2))
    assert cloud.planned() == {"gateway": "update"}
    cloud.declares(objects(selector="another"))
    assert cloud.planned() == {"gateway": "replace"}


def test_what_a_secret_holds_is_in_no_state(cloud: CloudProject) -> None:
    cloud.declares(objects())
    cloud.up()
    states = list((cloud.root / "state").rglob("*.json"))
    assert states
    assert all(SECRET not in file.read_text() for file in states)


def test_objects_of_a_dead_cluster_can_be_let_go(cloud: CloudProject) -> None:
    cloud.declares(objects())
    cloud.up()
    cloud.suffers("unreachable=kubernetes:*,always")
    with pytest.raises(CommandError, match="configured Kubernetes cluster is unreachable"):
        cloud.destroy()
    cloud.declares(objects(drop=True))
    cloud.suffers("unreachable=kubernetes:*,always")
    cloud.stack.up(target=["urn:pulumi:test::demo::pulumi:providers:kubernetes::cluster"])
    cloud.destroy()
    assert [each.type for each in cloud.there() if not each.type.startswith("kubernetes:")] == []
