from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.dns import serving_dns
from doubles.replicas import replicas
from drivers.gateway_stack import GatewayStack


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[GatewayStack]:
    """DNS, and room for models, replicas and gateways."""
    with serving_dns() as dns, replicas() as made:
        stack = GatewayStack(tmp_path, dns, made)
        try:
            yield stack
        finally:
            stack.stop()
