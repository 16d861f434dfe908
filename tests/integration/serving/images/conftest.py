"""One registry without a lock for all tests; each uses a repository name of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from doubles.registry import RegistryDouble, registry_double
from drivers.oci_registry import OciRegistry, oci_registry

from llmctl.serving.images.registry import Registries


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OciRegistry]:
    with oci_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def double() -> Iterator[RegistryDouble]:
    with registry_double() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """Seconds that clients would have waited."""
    return []


@pytest.fixture
def registries(waits: list[float]) -> Iterator[Registries]:
    """Clients of somebody who is logged in nowhere."""
    with Registries({"DOCKER_CONFIG": "/nowhere"}, pause=waits.append) as clients:
        yield clients
