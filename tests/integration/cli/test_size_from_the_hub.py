"""`llmctl size` of a model that only the Hub knows, here a double of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.hub import COMMIT, HubDouble, hub_double
from doubles.model_repositories import as_json, config, safetensors
from drivers.terminal import Terminal

MODEL = "org/tiny"
TOKEN = "hf" + "_" + "Qq7" * 11
FILES = {
    "config.json": as_json(config()),
    "model.safetensors": safetensors(embed=("BF16", (300, 64)), head=("BF16", (300, 64))),
}


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with hub_double() as double:
        double.has(MODEL, FILES)
        yield double


@pytest.fixture
def terminal(tmp_path: Path, hub: HubDouble) -> Terminal:
    return Terminal(tmp_path, environ={"PATH": "/nowhere", "HF_ENDPOINT": hub.endpoint})


def test_a_model_is_sized_at_the_commit_its_branch_is(terminal: Terminal) -> None:
    assert terminal.llmctl("size", MODEL, "--context", "200", "--json") == 0, terminal.err
    found = json.loads(terminal.out)
    assert (found["model"]["revision"], found["model"]["weightBytes"]) == (COMMIT, 76_800)
    assert found["fits"]


def test_a_gated_model_without_a_token_is_one_line_and_exit_2(terminal: Terminal, hub: HubDouble) -> None:
    hub.requires_licence(MODEL)
    assert terminal.llmctl("size", MODEL) == 2
    assert f"{hub.endpoint}/{MODEL}" in terminal.err
    assert "HF_TOKEN" in terminal.err
    assert terminal.err.count("\n") == 1


def test_a_token_is_sent_and_never_shown(terminal: Terminal, hub: HubDouble) -> None:
    hub.knows_the_token(TOKEN)
    hub.requires_licence(MODEL)
    terminal.environ = {**terminal.environ, "HF_TOKEN": TOKEN}
    assert terminal.llmctl("size", MODEL) == 2
    assert TOKEN not in terminal.out + terminal.err
    assert any(seen.authorization for seen in hub.requests)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"config.json": FILES["config.json"], "pytorch_model.bin": b"pickle"},
            "has no safetensors, only pickle files",
        ),
        ({"model.safetensors": FILES["model.safetensors"]}, "has no config.json"),
        ({**FILES, "config.json": as_json(config(hidden_size=None))}, "has no hidden_size"),
        ({**FILES, "config.json": b"<html>"}, "is not JSON"),
    ],
    ids=["pickle", "no config", "a field is missing", "no JSON"],
)
def test_a_repository_that_cannot_be_sized_is_one_line_and_exit_2(
    terminal: Terminal, hub: HubDouble, files: dict[str, bytes], words: str
) -> None:
    hub.has(MODEL, files)
    assert terminal.llmctl("size", MODEL) == 2
    assert words in terminal.err
    assert terminal.err.count("\n") == 1
