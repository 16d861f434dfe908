from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from drivers.control_plane import ControlPlane, control_plane
from drivers.kubernetes_project import KubernetesProject

from llmctl.infra.deployment.pulumi_cli.find import find_pulumi_cli
from llmctl.infra.project import user_cache
from llmctl.infra.rehearsal.attach import kubernetes_double

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The Automation API leaves its event loop and, where an operation fails, coroutines of it open.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(scope="session", autouse=True)
def _pulumi_on_path() -> None:
    cli = find_pulumi_cli(cache=user_cache(), environ=os.environ)
    assert cli, "no Pulumi CLI; run `llmctl setup`"
    os.environ["PATH"] = os.pathsep.join([str(cli.path.parent), os.environ["PATH"]])


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with control_plane(tmp_path_factory.mktemp("control-plane")) as plane:
        yield plane


@pytest.fixture
def double() -> Iterator[dict[str, str]]:
    """Endpoints settle at once: nothing here is about how long they take."""
    with kubernetes_double(settle=0) as variables:
        yield variables


@pytest.fixture
def project(tmp_path: Path, plane: ControlPlane, double: dict[str, str]) -> Iterator[KubernetesProject]:
    yield KubernetesProject(tmp_path, double, plane.kubeconfig(), "test")
    gc.collect()  # here, where the warning about those loops is expected, and not in somebody else's test
