from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.hub import HubDouble, hub_double
from drivers.s3_server import S3Server, s3_server
from drivers.weights import WeightsStack, weights_stack


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with hub_double() as double:
        yield double


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[WeightsStack]:
    with weights_stack(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        yield server
