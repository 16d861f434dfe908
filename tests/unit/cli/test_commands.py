"""Whole outputs of the commands that need neither Pulumi nor a server, in a pinned environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from drivers.terminal import Terminal

from llmctl.infra.model_settings import ModelSettings

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Terminal(tmp_path)


def write_stack(terminal: Terminal, name: str, config: str) -> None:
    (terminal.directory / "stacks" / f"Pulumi.{name}.yaml").write_text(f"config:\n{config}")


def test_init_makes_a_project_and_says_what_comes_next(terminal: Terminal) -> None:
    assert terminal.llmctl("init") == 0
    assert terminal.out == (
        "made  .llmctl/.gitignore\n"
        "made  stacks/Pulumi.yaml\n"
        "made  stacks/__main__.py\n"
        "made  stacks/llmctl.schema.json\n"
        "made  stacks/Pulumi.local.yaml\n"
        "Next: llmctl up local\n"
    )


def test_init_with_json_prints_one_document(terminal: Terminal) -> None:
    assert terminal.llmctl("init", "lab", "--json") == 0
    assert json.loads(terminal.out)["stack"] == "lab"
    assert terminal.err == ""


def test_stacks_lists_each_stack_and_a_broken_one_with_its_mistake(terminal: Terminal) -> None:
    terminal.llmctl("init")
    terminal.llmctl("init", "broken")
    write_stack(terminal, "broken", "  llmctl:target: moon\n  llmctl:model: a/b\n")
    assert terminal.llmctl("stacks") == 0
    assert terminal.out == (
        "STACK   TARGET  MODEL                                STATE\n"
        "broken  ?       ?                                    stacks/Pulumi.broken.yaml:2: llmctl:target is 'moon'; "
        "allowed: one of local, kubernetes, aws.\n"
        f"local   local   {MODEL}  not deployed\n"
    )


def test_config_show_prints_every_setting_and_where_it_comes_from(terminal: Terminal) -> None:
    terminal.llmctl("init")
    assert terminal.llmctl("config", "show", "local") == 0
    lines = terminal.out.splitlines()
    assert lines[0].split() == ["SETTING", "VALUE", "FROM"]
    assert lines[1].split() == ["llmctl:target", "local", "stacks/Pulumi.local.yaml:3"]
    assert lines[2].split() == [f"llmctl:models.{MODEL}.id", MODEL, "stacks/Pulumi.local.yaml:4", "(llmctl:model)"]
    assert all(line.endswith("default") for line in lines[3:])
    shown = {line.split()[0].removeprefix(f"llmctl:models.{MODEL}.").partition(".")[0] for line in lines}
    assert {field.alias for field in ModelSettings.model_fields.values()} <= shown


def test_config_show_does_not_print_a_secret(terminal: Terminal) -> None:
    terminal.llmctl("init")
    file = terminal.directory / "stacks" / "Pulumi.local.yaml"
    file.write_text(file.read_text() + "  llmctl:apiKey:\n    secure: v1:abcdefgh\n")
    assert terminal.llmctl("config", "show", "local", "--json") == 0
    assert json.loads(terminal.out)["llmctl:apiKey"] == {"value": "[secret]", "from": "stacks/Pulumi.local.yaml:5"}
    assert "v1:abcdefgh" not in terminal.out


def test_status_of_a_stack_that_was_never_up_is_no_failure(terminal: Terminal) -> None:
    terminal.llmctl("init")
    assert terminal.llmctl("status", "local") == 0
    assert terminal.out == f"stack  local (local)\nmodel  {MODEL}\nstate  not deployed\n"


@pytest.mark.parametrize("command", ["status", "preview", "down", "env", "history", "logs", "chat"])
def test_a_mistake_in_the_stack_file_is_one_line_and_exit_code_2(terminal: Terminal, command: str) -> None:
    terminal.llmctl("init")
    write_stack(terminal, "local", "  llmctl:target: local\n  llmctl:modle: a/b\n")
    yes = ["--yes"] if command == "down" else []
    assert terminal.llmctl(command, "local", *yes) == 2
    assert terminal.err == (
        "Error: stacks/Pulumi.local.yaml: llmctl:model is missing; name a model, for example llmctl:model: "
        f"{MODEL}.\nstacks/Pulumi.local.yaml:3: llmctl:modle is not a setting. Did you mean llmctl:model?\n"
    )
    assert terminal.out == ""


@pytest.mark.parametrize("command", ["up", "down"])
def test_without_a_terminal_and_without_yes_nothing_is_begun(terminal: Terminal, command: str) -> None:
    terminal.llmctl("init")
    assert terminal.llmctl(command, "local") == 2
    assert terminal.err == (
        "Error: There is no terminal to ask on, so nothing was done. Say --yes to go ahead without being asked.\n"
    )
    assert not (terminal.directory / ".llmctl" / "stacks").exists()


@pytest.mark.parametrize("command", ["status", "chat", "logs", "up", "history"])
def test_outside_a_project_the_way_to_one_is_named(terminal: Terminal, command: str) -> None:
    yes = ["--yes"] if command == "up" else []
    assert terminal.llmctl(command, "local", *yes) == 2
    assert terminal.err == (
        f"Error: No stacks/Pulumi.yaml in {terminal.directory} or above. "
        "Run `llmctl init` where the project should be.\n"
    )


def test_nobody_can_be_talked_to_before_up(terminal: Terminal) -> None:
    terminal.llmctl("init")
    assert terminal.llmctl("chat", "local", "Hello?") == 1
    assert terminal.err == "Error: local is not deployed: there is nobody to talk to. Run: llmctl up local\n"


def test_a_place_that_cannot_be_written_is_named_without_a_traceback(terminal: Terminal) -> None:
    (terminal.directory / ".llmctl").write_text("in the way")
    assert terminal.llmctl("init") == 1
    assert terminal.err == f"Error: {terminal.directory}/.llmctl: File exists\n"


def test_help_names_every_command(terminal: Terminal, capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.llmctl("--help") == 0
    said = capsys.readouterr().out
    commands = [
        "setup",
        "init",
        "stacks",
        "config",
        "env",
        "preview",
        "up",
        "down",
        "status",
        "chat",
        "logs",
        "history",
        "images",
        "version",
    ]
    assert [name for name in commands if f"  {name} " not in said] == []
