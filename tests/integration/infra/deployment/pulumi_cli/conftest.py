from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from doubles.releases import Releases, serving_releases
from drivers.screen import Screen
from platformdirs import user_cache_dir

from llmctl.infra.deployment.pulumi_cli.find import find_pulumi_cli
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli


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


@pytest.fixture(scope="session")
def real_pulumi() -> PulumiCli:
    """The Pulumi CLI that llmctl itself would use here."""
    cli = find_pulumi_cli(cache=Path(user_cache_dir("llmctl")), environ=os.environ)
    if cli is None:
        pytest.fail("These tests run the real Pulumi engine, and no Pulumi CLI is here yet; run: llmctl setup")
    return cli
