from __future__ import annotations

from pathlib import Path

import pytest

from llmctl.infra.project import Project
from llmctl.infra.scaffold import scaffold
from llmctl.infra.stack_file import read_stack_file

ROOT = Path(__file__).parents[3]


def test_a_second_init_changes_nothing(tmp_path: Path) -> None:
    scaffold(Project(tmp_path), "local")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert [file.written for file in scaffold(Project(tmp_path), "local")] == [False] * 5
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_what_a_user_wrote_is_never_overwritten(tmp_path: Path) -> None:
    project = Project(tmp_path)
    scaffold(project, "local")
    project.stack_file("local").write_text("mine")
    scaffold(project, "local")
    assert project.stack_file("local").read_text() == "mine"


@pytest.mark.parametrize("model", ["owner/name", "../models/my model.gguf", "yes", "12", "a: b", "#x", "-", "ü/ö"])
def test_any_model_comes_back_from_the_file_as_it_was_given(tmp_path: Path, model: str) -> None:
    scaffold(Project(tmp_path), "local", model=model)
    assert read_stack_file(Project(tmp_path), "local").settings().the_model[0] == model


def test_the_repositorys_own_stacks_are_what_init_writes(tmp_path: Path) -> None:
    scaffold(Project(tmp_path), "local")
    for name in ("Pulumi.yaml", "__main__.py", "llmctl.schema.json"):
        assert (ROOT / "stacks" / name).read_text() == (tmp_path / "stacks" / name).read_text(), name
