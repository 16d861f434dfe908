from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from drivers.laptop import Laptop
from drivers.model_server import embedded_model


@pytest.fixture(scope="session", autouse=True)
def _a_model_in_the_cache() -> None:
    """Fetched once and ahead: a laptop's home is looked through for files, and pip leaves some."""
    embedded_model()


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    made = Laptop(tmp_path)
    yield made
    made.goes_on()
    for process in made.processes():
        process.kill()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """A laptop whose stack `local` is up; tests that share it leave it as they found it."""
    made = Laptop(tmp_path_factory.mktemp("running"))
    ran = made.llmctl("up", "local", "--yes")
    assert ran.code == 0, ran.err
    yield made
    for process in made.processes():
        process.kill()
