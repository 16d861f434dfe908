from __future__ import annotations

from pathlib import Path

import pytest

from llmctl.infra.errors import SettingsError
from llmctl.infra.project import Project, find_project
from llmctl.infra.settings import StackSettings, TargetName
from llmctl.infra.stack_file import read_stack_file

FILE = "stacks/Pulumi.local.yaml"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.yaml").write_text("name: llmctl\n")
    return Project(tmp_path)


def settings(project: Project, text: str) -> StackSettings:
    project.stack_file("local").write_text(text, encoding="utf-8")
    return read_stack_file(project, "local").settings()


def mistake(project: Project, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(project, text)
    return str(caught.value)


def config(*lines: str) -> str:
    return "config:\n  llmctl:target: local\n" + "".join(f"  {line}\n" for line in lines)


MODEL = "llmctl:model: owner/name"


def test_two_lines_are_enough(project: Project) -> None:
    found = settings(project, config(MODEL))
    assert found.target is TargetName.LOCAL
    assert found.the_model[0] == found.the_model[1].id == "owner/name"


def test_the_short_form_and_the_map_mean_the_same(project: Project) -> None:
    assert settings(project, config(MODEL)) == settings(project, config("llmctl:models:", "  owner/name: {}"))


def test_a_name_of_ones_own_keeps_the_id(project: Project) -> None:
    name, model = settings(
        project, config("llmctl:models:", "  small: {id: owner/name, maxTotalTokens: 4096}")
    ).the_model
    assert (name, model.id, model.max_total_tokens) == ("small", "owner/name", 4096)


def test_numbers_that_pulumi_config_set_wrote_as_text_are_numbers(project: Project) -> None:
    assert settings(project, config(MODEL, 'llmctl:port: "9000"')).port == 9000


def test_keys_of_other_namespaces_are_left_alone(project: Project) -> None:
    assert settings(project, config(MODEL, "aws:region: eu-west-1")).target is TargetName.LOCAL


NO_MODEL = "name a model, for example llmctl:model: HuggingFaceTB/SmolLM2-135M-Instruct."

MISTAKES = {
    "an unknown target": (
        "config:\n  llmctl:target: moon\n  llmctl:model: a/b\n",
        f"{FILE}:2: llmctl:target is 'moon'; allowed: one of local, kubernetes, aws.",
    ),
    "no target": (
        "config:\n  llmctl:model: a/b\n",
        f"{FILE}: llmctl:target is missing; allowed: one of local, kubernetes, aws.",
    ),
    "no model": (
        config(),
        f"{FILE}: llmctl:model is missing; {NO_MODEL}",
    ),
    "an empty file": (
        "",
        f"{FILE}: llmctl:target is missing; allowed: one of local, kubernetes, aws.\n"
        f"{FILE}: llmctl:model is missing; {NO_MODEL}",
    ),
    "a misspelt key": (
        config(MODEL, "llmctl:prot: 1"),
        f"{FILE}:4: llmctl:prot is not a setting. Did you mean llmctl:port?",
    ),
    "a misspelt key of a model": (
        config("llmctl:models:", "  a/b:", "    thread: 2"),
        f"{FILE}:5: llmctl:models.a/b.thread is not a setting. Did you mean threads?",
    ),
    "a word for a number": (
        config(MODEL, "llmctl:port: many"),
        f"{FILE}:4: llmctl:port is 'many'; allowed: a whole number from 1 to 65535.",
    ),
    "a truth value for a number": (
        config(MODEL, "llmctl:port: true"),
        f"{FILE}:4: llmctl:port is True; allowed: a whole number from 1 to 65535.",
    ),
    "a number out of range": (
        config(MODEL, "llmctl:port: 70000"),
        f"{FILE}:4: llmctl:port is 70000; allowed: a whole number from 1 to 65535.",
    ),
    "a branch for a commit": (
        config("llmctl:models:", "  a/b: {revision: main}"),
        f"{FILE}:4: llmctl:models.a/b.revision is 'main'; allowed: a commit: 40 hex digits.",
    ),
    "a list for a model": (
        config("llmctl:model: [a/b]"),
        f"{FILE}: llmctl:model should be a model id such as owner/name, or a .gguf file.",
    ),
    "an accelerator that is no word": (
        config("llmctl:models:", "  a/b: {accelerator: two H100}"),
        f"{FILE}:4: llmctl:models.a/b.accelerator is 'two H100'; allowed: auto, cpu, or NAME:COUNT such as l4:1.",
    ),
    "an unknown engine": (
        config("llmctl:models:", "  a/b: {engine: ollama}"),
        f"{FILE}:4: llmctl:models.a/b.engine is 'ollama'; allowed: one of tgi, vllm, sglang, llamacpp.",
    ),
    "a map for a flag": (
        config("llmctl:models:", "  a/b: {engineArgs: {max-num-seqs: {a: 1}}}"),
        f"{FILE}:4: llmctl:models.a/b.engineArgs.max-num-seqs is {{'a': 1}}; allowed: a text, a number, true or false.",
    ),
    "both forms": (
        config(MODEL, "llmctl:models:", "  c/d: {}"),
        f"{FILE}: llmctl:model and llmctl:models are both set; keep one.",
    ),
    "no room for an answer": (
        config("llmctl:models:", "  a/b: {maxInputTokens: 2048}"),
        f"{FILE}:4: maxInputTokens (2048) must be below maxTotalTokens (2048).",
    ),
    "a key twice": (config(MODEL, MODEL), f"{FILE}:4: llmctl:model is set twice (also in line 3); keep one."),
    "a secret in clear text": (
        config(MODEL, "llmctl:apiKey: hunter2-hunter2"),
        f"{FILE}:4: llmctl:apiKey stands in clear text. "
        "Remove the line, then: pulumi config set --secret llmctl:apiKey",
    ),
    "a secret that is none": (
        config("llmctl:model: {secure: v1:abc}"),
        f"{FILE}:3: llmctl:model is encrypted; only apiKey, hubToken may be.",
    ),
    "broken YAML": (
        config("llmctl:model: {a: 1", "b:]"),
        f"{FILE}:4: not valid YAML: expected ',' or '}}', but got ':'.",
    ),
    "a list for a file": ("- a\n", f"{FILE}:1: the file should be a map of keys and values."),
    "a word for the config": ("config: much\n", f"{FILE}:1: config: should be a map of keys and values."),
    "a tag that runs code": (
        config("llmctl:model: !!python/object/apply:os.system [x]"),
        f"{FILE}:3: not valid YAML: could not determine a constructor for the tag "
        "'tag:yaml.org,2002:python/object/apply:os.system'.",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_file_line_key_value_and_what_is_allowed(project: Project, text: str, message: str) -> None:
    assert mistake(project, text) == message


def test_a_file_that_is_not_text_says_where(project: Project) -> None:
    project.stack_file("local").write_bytes(b"config:\n  llmctl:model: \xff\n")
    with pytest.raises(SettingsError, match="not UTF-8 text at byte 24"):
        read_stack_file(project, "local")


def test_a_missing_stack_names_those_that_are_there(project: Project) -> None:
    settings(project, config(MODEL))
    with pytest.raises(SettingsError) as caught:
        read_stack_file(project, "prod")
    assert str(caught.value) == (
        "stacks/Pulumi.prod.yaml does not exist. Stacks here: local. A new one: llmctl init prod"
    )


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-option", "x" * 101, "ü"])
def test_a_name_that_could_leave_the_directory_is_no_stack(project: Project, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be a stack"):
        project.stack_file(name)


def test_the_project_is_found_from_any_directory_below_it(project: Project) -> None:
    deep = project.root / "a" / "b"
    deep.mkdir(parents=True)
    assert find_project(deep) == project


def test_every_value_knows_where_it_comes_from(project: Project) -> None:
    project.stack_file("local").write_text(config(MODEL, "llmctl:port: 9000"))
    file = read_stack_file(project, "local")
    assert [file.origin(key) for key in [("port",), ("hostname",), ("models", "owner/name", "id")]] == [
        f"{FILE}:4",
        "default",
        f"{FILE}:3 (llmctl:model)",
    ]
