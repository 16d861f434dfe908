from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from doubles.releases import Releases, serving_releases
from doubles.screen import Screen


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def releases() -> Iterator[Releases]:
    with serving_releases() as server:
        yield server


@pytest.fixture
def environ(tmp_path: Path, releases: Releases) -> Mapping[str, str]:
    """A machine with a shell, a release server on loopback, no Pulumi and no Go."""
    for_shell_scripts = tmp_path / "programs"
    for_shell_scripts.mkdir()
    return {"PATH": str(for_shell_scripts), "HOME": str(tmp_path), "LLMCTL_PULUMI_RELEASES": releases.address}


@pytest.fixture
def screen() -> Screen:
    return Screen()
