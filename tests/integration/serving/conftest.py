"""One server for most tests, loaded once; its eight slots are enough for eight streams at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drivers.model_server import ModelServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    log = tmp_path_factory.mktemp("server") / "log"
    running = ModelServer(
        log, "--max-total-tokens", "1024", "--max-batch-size", "8", "--max-batch-prefill-tokens", "64"
    )
    yield running.wait_until_ready()
    running.stop()
