from __future__ import annotations

import json
from typing import Any

import pytest

from llmctl.serving.errors import InvalidWeights
from llmctl.serving.weights.configuration import WeightsConfiguration, variable_prefix, variables_of
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights

SHA256, SHA1 = "a" * 64, "b" * 40
WEIGHTS = Weights(
    kind=SourceKind.HUB,
    url="https://huggingface.co",
    repository="org/model",
    revision=SHA1,
    credentials="hub-token",
    files=(
        WeightFile(path="config.json", size=2, git_sha1=SHA1),
        WeightFile(path="model.safetensors", size=3, sha256=SHA256),
    ),
)


def written(**file: Any) -> str:
    entry = {"path": "config.json", "size": 2, "sha256": SHA256, **file}
    models = {"tiny": {"kind": "hub", "url": "https://huggingface.co", "files": [entry]}}
    return json.dumps({"version": 1, "models": models})


def test_what_is_written_is_read_back() -> None:
    configuration = WeightsConfiguration(models={"b": WEIGHTS, "a": Weights(kind=SourceKind.PVC, url="claim/dir")})
    assert WeightsConfiguration.from_json(configuration.to_json()) == configuration
    assert "null" not in configuration.to_json()


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.partial/b",
        "a\\b",
        "a\nb",
        "a\x00b",
        "x" * 256,
    ],
)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(InvalidWeights, match="the path"):
        WeightsConfiguration.from_json(written(path=path))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({"sha256": None}, "config.json has no hash"),
        ({"sha256": "a" * 63}, "config.json has no hash"),
        ({"sha256": "A" * 64}, "config.json has no hash"),
        ({"sha256": "a" * 63, "git_sha1": SHA1}, "config.json has no hash"),
        ({"size": -1}, "has the size -1"),
        ({"size": "2"}, "has the size '2'"),
        ({"mode": 0o777}, "cannot be read"),
    ],
)
def test_a_file_without_size_and_hash_is_refused(file: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidWeights, match=said):
        WeightsConfiguration.from_json(written(**file))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 1}',
        '{"version": 1, "models": []}',
        '{"version": 1, "models": {"a": {"kind": "ftp"}}}',
    ],
)
def test_what_llmctl_did_not_write_is_told_in_one_line(text: str) -> None:
    with pytest.raises(InvalidWeights, match=r"cannot be read.*run llmctl up again") as said:
        WeightsConfiguration.from_json(text)
    assert "\n" not in str(said.value)


def test_a_newer_version_is_named() -> None:
    with pytest.raises(InvalidWeights, match="has version 2; known: 1"):
        WeightsConfiguration.from_json('{"version": 2, "models": {}}')


@pytest.mark.parametrize("paths", [("a", "a"), ("a", "a/b"), ("a/b/c", "a/b")])
def test_no_file_stands_where_another_one_is(paths: tuple[str, str]) -> None:
    files = tuple(WeightFile(path=path, size=1, sha256=SHA256) for path in paths)
    text = WeightsConfiguration(models={"m": Weights(kind=SourceKind.PVC, url="c", files=files)}).to_json()
    with pytest.raises(InvalidWeights):
        WeightsConfiguration.from_json(text)


def test_a_source_sees_the_variables_of_its_own_secret_only() -> None:
    environ = {
        f"{variable_prefix('hub-token')}HF_TOKEN": "mine",
        f"{variable_prefix('other')}HF_TOKEN": "not",
        "X": "1",
    }
    assert variables_of(WEIGHTS, environ) == {"HF_TOKEN": "mine"}
