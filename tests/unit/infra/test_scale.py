"""Replicas in the stack file: only their own words change."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from llmctl.infra.errors import Declined, DeploymentFailed, SettingsError
from llmctl.infra.project import Project
from llmctl.infra.replicas_edit import with_replicas
from llmctl.infra.scale import scaled, wanted

BLOCK = """\
# ours
config:
  llmctl:target: kubernetes
  llmctl:models:
    chat:
      # small and quick
      id: a/b  # pinned later
      replicas: 2 # for now
    org/large:
      id: c/d
encryptionsalt: v1:x
"""

EDITS = {
    "a number that is there": (BLOCK, "chat", {"replicas": 3}, BLOCK.replace("replicas: 2 #", "replicas: 3 #")),
    "a number that is not there": (
        BLOCK,
        "org/large",
        {"replicas": 3},
        BLOCK.replace("      id: c/d", "      replicas: 3\n      id: c/d"),
    ),
    "two numbers, one of them there": (
        BLOCK,
        "chat",
        {"replicas": 1, "maxReplicas": 4},
        BLOCK.replace("replicas: 2 #", "replicas: 1 #").replace("      id: a/b", "      maxReplicas: 4\n      id: a/b"),
    ),
    "a map in braces": (
        "config:\n  llmctl:models: {chat: {id: a/b}, other: {}} # one line\n",
        "chat",
        {"replicas": 3},
        "config:\n  llmctl:models: {chat: {replicas: 3, id: a/b}, other: {}} # one line\n",
    ),
    "an empty map in braces": (
        "config:\n  llmctl:models: {chat: {id: a/b}, other: {}} # one line\n",
        "other",
        {"replicas": 3},
        "config:\n  llmctl:models: {chat: {id: a/b}, other: {replicas: 3}} # one line\n",
    ),
    "the short form": (
        "config:\n  llmctl:model: a/b # the only one\n  llmctl:port: 8080\n",
        "a/b",
        {"replicas": 1, "maxReplicas": 4},
        "config:\n  llmctl:models:\n    a/b: {replicas: 1, maxReplicas: 4} # the only one\n  llmctl:port: 8080\n",
    ),
}


@pytest.mark.parametrize(("text", "model", "values", "edited"), EDITS.values(), ids=EDITS)
def test_only_the_words_of_the_replicas_change(text: str, model: str, values: dict[str, int], edited: str) -> None:
    assert with_replicas(text, model, values) == edited
    read = yaml.safe_load(edited)["config"]
    assert values.items() <= read["llmctl:models"][model].items()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.dev.yaml").write_text(BLOCK)
    return Project(tmp_path)


def text_of(project: Project) -> str:
    return project.stack_file("dev").read_text()


def test_what_was_done_stays_in_the_file(project: Project) -> None:
    with scaled(project, "dev", "chat", {"replicas": 5}):
        assert "replicas: 5 # for now" in text_of(project)
    assert "replicas: 5 # for now" in text_of(project)


def test_what_was_declined_does_not_stay_in_the_file(project: Project) -> None:
    with pytest.raises(Declined), scaled(project, "dev", "chat", {"replicas": 5}):
        raise Declined("no")
    assert text_of(project) == BLOCK


def test_what_failed_on_its_way_stays_in_the_file_for_the_next_up(project: Project) -> None:
    with pytest.raises(DeploymentFailed), scaled(project, "dev", "chat", {"replicas": 5}):
        raise DeploymentFailed("half done")
    assert "replicas: 5" in text_of(project)


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        ("large", {"replicas": 1}, "Name a model of dev with --model: chat, org/large."),
        (None, {"replicas": 1}, "Name a model of dev with --model: chat, org/large."),
        ("chat", {"replicas": 5, "maxReplicas": 4}, "maxReplicas (4) must not be below replicas (5)"),
    ],
)
def test_what_settings_do_not_allow_is_refused_and_the_file_stays(
    project: Project, model: str | None, values: dict[str, int], message: str
) -> None:
    with pytest.raises(SettingsError, match=message.replace("(", r"\(").replace(")", r"\)")):
        scaled(project, "dev", model, values).__enter__()
    assert text_of(project) == BLOCK


@pytest.mark.parametrize(("replicas", "to"), [(None, None), (1, "1:2"), (None, "3"), (None, "a:b"), (None, "1:-2")])
def test_numbers_are_said_in_one_of_two_ways(replicas: int | None, to: str | None) -> None:
    with pytest.raises(SettingsError):
        wanted(replicas, to)


def test_a_range_is_two_settings() -> None:
    assert wanted(None, "1:4") == {"replicas": 1, "maxReplicas": 4}
