from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drivers.kubernetes_project import KubernetesProject
from drivers.ports import free_port

from llmctl.infra.rehearsal.attach import kubernetes_double

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The Automation API leaves its event loop and, where an operation fails, coroutines of it open.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture
def kubeconfig() -> dict[str, Any]:
    """Of a cluster where nobody listens."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lost",
        "clusters": [{"name": "lost", "cluster": {"server": f"http://127.0.0.1:{free_port()}"}}],
        "users": [{"name": "somebody", "user": {"token": "a-token-of-the-test"}}],
        "contexts": [{"name": "lost", "context": {"cluster": "lost", "user": "somebody"}}],
    }


@pytest.fixture
def project(tmp_path: Path, kubeconfig: dict[str, Any]) -> Iterator[KubernetesProject]:
    with kubernetes_double() as variables:
        yield KubernetesProject(tmp_path, variables, kubeconfig, "lost")
    gc.collect()  # here, where the warning about those loops is expected, and not in somebody else's test
