from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.pulumi_project import PulumiProject


@pytest.fixture
def project(tmp_path: Path) -> Iterator[PulumiProject]:
    project = PulumiProject(tmp_path)
    yield project
    project.server.stop(grace=0)
