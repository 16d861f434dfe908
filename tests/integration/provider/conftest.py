from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from drivers.pulumi_project import PulumiProject

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The Automation API runs an inline program in an event loop of its own, which it never closes, and of
    # which coroutines are left when an operation fails. None of our code runs in this process but the program.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"))
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[PulumiProject]:
    project = PulumiProject(tmp_path)
    yield project
    project.close()
    gc.collect()  # here, where the warning about those loops is expected, and not in somebody else's test
