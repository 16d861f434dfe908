from __future__ import annotations

from pathlib import Path

import pytest

from llmctl.infra.errors import SettingsError
from llmctl.infra.project import Project
from llmctl.infra.scaffold import DEFAULT_GGUF, Cluster, new_cluster, scaffold
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


IMAGE = "registry.example/llmctl:1"


def test_a_new_stack_in_a_cluster_names_its_context_and_an_image_spelt_in_full() -> None:
    assert new_cluster("kubernetes", "lab", "llmctl/server") == Cluster(
        context="lab", server_image="docker.io/llmctl/server:latest"
    )
    assert new_cluster("local", None, None) is None


WRONG: dict[str, tuple[tuple[str, str | None, str | None], str]] = {
    "a context for this machine": (("local", "lab", None), "--context is for stacks in a cluster"),
    "an image for this machine": (("local", None, IMAGE), "--server-image is for stacks in a cluster"),
    "a cluster without an image": (("kubernetes", "lab", None), "A stack in a cluster needs llmctl's own image"),
}


@pytest.mark.parametrize(("words", "said"), WRONG.values(), ids=WRONG)
def test_words_that_do_not_go_together_are_told(words: tuple[str, str | None, str | None], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        new_cluster(*words)


@pytest.mark.parametrize("name", ["lab", "arn:aws:eks:eu-west-1:111122223333:cluster/lab", "yes", "a: b", "#x", "12"])
def test_any_context_and_model_come_back_from_the_file_of_a_stack_in_a_cluster(tmp_path: Path, name: str) -> None:
    scaffold(Project(tmp_path), "dev", model=name, cluster=Cluster(context=name, server_image=IMAGE))
    settings = read_stack_file(Project(tmp_path), "dev").settings()
    assert settings.cluster is not None
    assert (settings.target, settings.cluster.context, settings.cluster.server_image) == ("kubernetes", name, IMAGE)
    assert {each: model.accelerator for each, model in settings.models.items()} == {name: "cpu"}


def test_a_stack_in_a_cluster_without_a_model_gets_one_that_llmctls_own_server_loads(tmp_path: Path) -> None:
    scaffold(Project(tmp_path), "dev", cluster=Cluster(context="lab", server_image=IMAGE))
    assert list(read_stack_file(Project(tmp_path), "dev").settings().models) == [DEFAULT_GGUF]
