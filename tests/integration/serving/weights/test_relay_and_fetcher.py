"""A model of the Hub's double through a real relay to a real fetcher."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles.hub import COMMIT, HubDouble, hub_double
from doubles.model_repositories import as_json, config, safetensors
from drivers.oci_images import noise
from drivers.weights import WeightsStack, weights_stack

from llmctl.serving.models.hub import Hub
from llmctl.serving.weights.fetch.partial import PART
from llmctl.serving.weights.listing.hub import list_hub
from llmctl.serving.weights.spec import Weights

MODEL = "org/tiny"
TOKEN = "hf_" + "t0ken" * 6
NEEDED = {
    "config.json": as_json(config()),
    "tokenizer.json": b"{}",
    "tokenizer_config.json": b"{}",
    "model-00001-of-00002.safetensors": noise(2 * PART + 12_345, seed=1),
    "model-00002-of-00002.safetensors": noise(PART, seed=2),
}
LEFT_OUT = {
    "README.md": b"# tiny",
    ".gitattributes": b"*.safetensors filter=lfs",
    "pytorch_model.bin": b"pickle",
    "pytorch_model.bin.index.json": b"{}",
    "consolidated.safetensors": safetensors(w=("BF16", (2, 2))),
    "original/params.json": b"{}",
}


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with hub_double() as double:
        double.has(MODEL, {**NEEDED, **LEFT_OUT})
        yield double


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[WeightsStack]:
    with weights_stack(tmp_path) as running:
        yield running


def listed(hub: HubDouble, model: str = MODEL, **asked: str) -> Weights:
    return list_hub(
        model, revision=None, gguf=False, hub=Hub(endpoint=hub.endpoint, token=asked.pop("token", None)), **asked
    )  # type: ignore[arg-type]


def test_a_replica_gets_the_files_an_engine_needs_and_no_others(hub: HubDouble, stack: WeightsStack) -> None:
    weights = listed(hub)
    assert weights.revision == COMMIT
    stack.serves(tiny=weights)
    fetcher = stack.fetched("tiny")
    assert fetcher.files() == NEEDED
    assert fetcher.finished().fetched == fetcher.finished().total == weights.size == sum(map(len, NEEDED.values()))
