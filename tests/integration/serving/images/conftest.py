"""One registry without a lock for all tests; each uses a repository name of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from drivers.oci_registry import OciRegistry, oci_registry

from llmctl.serving.images.registry import Registry

Connect = Callable[..., Registry]


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OciRegistry]:
    with oci_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients, with an environment that knows nobody, and closes them."""
    made: list[Registry] = []

    def client(host: str, environ: dict[str, str] | None = None) -> Registry:
        made.append(Registry(host, environ or {"DOCKER_CONFIG": "/nowhere"}, pause=lambda _: None))
        return made[-1]

    yield client
    for each in made:
        each.close()
