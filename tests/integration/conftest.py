from __future__ import annotations

import os

import pytest

from llmctl.infra.deployment.pulumi_cli.find import find_pulumi_cli
from llmctl.infra.project import user_cache


@pytest.fixture(scope="session", autouse=True)
def _pulumi_on_path() -> None:
    """The Pulumi CLI that `llmctl setup` found or made is the `pulumi` of every test."""
    cli = find_pulumi_cli(cache=user_cache(), environ=os.environ)
    assert cli, "no Pulumi CLI; run `llmctl setup`, as `make test` does"
    os.environ["PATH"] = os.pathsep.join([str(cli.path.parent), os.environ["PATH"]])
