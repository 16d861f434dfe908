"""The plugin as users get it: written by llmctl, found by the Pulumi CLI, with nothing replaced behind it."""

from __future__ import annotations

import pytest
from doubles.gguf_files import write_gguf
from drivers.pulumi_project import PulumiProject
from pulumi.automation.errors import CommandError

from llmctl.infra.provider.launcher import write_launcher


@pytest.fixture
def installed(project: PulumiProject) -> PulumiProject:
    provider = project.root / ".llmctl" / "provider"
    write_launcher(provider)
    project.finds_its_plugin_in(provider)
    return project


def test_the_launcher_is_found_beside_a_project(installed: PulumiProject) -> None:
    write_gguf(installed.models / "tiny.gguf")
    installed.declares(model="tiny.gguf")
    assert installed.preview() == {"create": 2}


def test_a_truncated_gguf_is_refused_before_anything_starts(installed: PulumiProject) -> None:
    whole = write_gguf(installed.models / "tiny.gguf").read_bytes()
    (installed.models / "cut.gguf").write_bytes(whole[:-100])
    installed.declares(model="cut.gguf")
    with pytest.raises(CommandError, match=r"cut\.gguf is cut short"):
        installed.preview()


def test_nothing_of_the_users_is_imported_in_place_of_the_plugin(installed: PulumiProject) -> None:
    for directory in (installed.work, installed.root):
        (directory / "psutil.py").write_text("raise SystemExit('the wrong psutil')")
    write_gguf(installed.models / "tiny.gguf")
    installed.declares(model="tiny.gguf")
    assert installed.preview() == {"create": 2}
