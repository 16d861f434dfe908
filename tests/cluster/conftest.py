"""One cluster for all tests of this tier; a test that changes nodes puts them back."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from drivers.cluster.binaries import binaries
from drivers.cluster.cluster import Cluster
from drivers.cluster.images import pack_program
from drivers.packed_images import write_archives


@pytest.fixture(scope="session", autouse=True)
def _assets() -> None:
    """Where tests that need no nodes find etcd and the API server; the name is that of controller-runtime's envtest."""
    os.environ["KUBEBUILDER_ASSETS"] = str(binaries())


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes that are ready: one can be drained, and two have room for a replica more."""
    running = Cluster.start(tmp_path_factory.mktemp("cluster"), nodes=3)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def answerer(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of a small server that says who it is; see drivers/cluster/images_module/answerer."""
    reference = "llmctl.test/answerer:1"
    archive = tmp_path_factory.mktemp("images") / "answerer.tar"
    cluster.load_image(pack_program(cluster.program("answerer"), reference, archive))
    return reference


@pytest.fixture(scope="session")
def packed_images(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """llmctl's own image with the small model, and HAProxy's, on every node."""
    for archive in write_archives(tmp_path_factory.mktemp("archives")).values():
        cluster.load_image(archive)


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, with the restricted level of Pod Security."""
    name = request.node.originalname.removeprefix("test_").replace("_", "-")[:63].strip("-")
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false")
