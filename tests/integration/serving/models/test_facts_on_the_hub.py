from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doubles.hub import COMMIT, HubDouble, hub_double
from doubles.model_repositories import as_json, config, index, safetensors

from llmctl.serving.errors import ModelAccessDenied, ModelDamaged, ModelNotFound
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.models.facts_reader import model_facts
from llmctl.serving.models.hub import Hub

MODEL = "org/tiny"
KNOWN = "meta-llama/Llama-3.1-8B-Instruct"
TOKEN = "hf_" + "t0ken" * 6
WEIGHTS = safetensors(embed=("BF16", (300, 64)), head=("BF16", (300, 64)))
FILES = {"config.json": as_json(config()), "model.safetensors": WEIGHTS, "README.md": b"# tiny"}


@pytest.fixture
def hub() -> Iterator[HubDouble]:
    with hub_double() as double:
        double.has(MODEL, FILES)
        yield double


@pytest.fixture
def read(hub: HubDouble, tmp_path: Path) -> Callable[..., ModelFacts]:
    def facts(model_id: str = MODEL, *, token: str | None = None, **asked: object) -> ModelFacts:
        return model_facts(model_id, base=tmp_path, hub=Hub(endpoint=hub.endpoint, token=token), **asked)  # type: ignore[arg-type]

    return facts


def test_a_repository_is_read_at_the_commit_its_branch_is(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    hub.has_the_card(MODEL, license="apache-2.0")
    facts = read()
    assert (facts.revision, facts.source) == (COMMIT, f"{hub.endpoint}/{MODEL}/blob/{COMMIT}/config.json")
    assert (facts.parameters, facts.weight_bytes, facts.weights_format) == (38_400, 76_800, "safetensors")
    assert (facts.licence, facts.gated, facts.chat_template) == ("apache-2.0", False, False)


def test_the_weights_are_never_downloaded(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    large = safetensors(embed=("BF16", (4096, 4096)))
    hub.has(MODEL, {**FILES, "model.safetensors": large})
    assert read().weight_bytes == 2 * 4096 * 4096
    assert "bytes=0-100000" in hub.ranges_asked_for()


def test_an_index_is_read_in_place_of_its_files(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    shard = "model-00001-of-00001.safetensors"
    files = {"config.json": FILES["config.json"], "model.safetensors.index.json": index(99_000, shard), shard: b""}
    hub.has(MODEL, files)
    assert read().weight_bytes == 99_000


def test_a_licence_of_its_own_goes_by_its_name(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    hub.has_the_card(MODEL, license="other", license_name="tiny-research")
    assert read().licence == "tiny-research"


def test_what_the_catalogue_has_asks_no_network(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    assert read(KNOWN) is catalogue()[KNOWN]
    assert hub.requests == []


def test_a_revision_asks_the_hub_for_what_the_catalogue_has(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    hub.has(KNOWN, FILES)
    assert read(KNOWN, revision="v1.0").revision == COMMIT


def test_a_gated_repository_wants_a_token_and_never_shows_it(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    hub.requires_licence(MODEL)
    with pytest.raises(ModelAccessDenied, match="org/tiny is gated") as raised:
        read()
    hub.knows_the_token(TOKEN)
    with pytest.raises(ModelAccessDenied, match="the account of HF_TOKEN has no access") as denied:
        read(token=TOKEN)
    assert TOKEN not in f"{raised.value} {denied.value}"


def test_the_token_goes_to_the_hub_and_not_to_its_storage(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    hub.knows_the_token(TOKEN)
    read(token=TOKEN)
    assert {seen.authorization for seen in hub.requests if seen.server == "hub"} == {f"Bearer {TOKEN}"}
    assert {seen.authorization for seen in hub.requests if seen.server == "storage"} == {None}


def test_pickles_are_said_to_be_pickles(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    hub.has(MODEL, {"config.json": FILES["config.json"], "pytorch_model.bin": bytes(500)})
    assert (read().weights_format, read().weight_bytes) == ("pickle", 500)


def test_a_file_that_is_no_safetensors_is_damaged(hub: HubDouble, read: Callable[..., ModelFacts]) -> None:
    hub.has(MODEL, {**FILES, "model.safetensors": b"\xff" * 4000})
    with pytest.raises(ModelDamaged, match=r"org/tiny model\.safetensors is not a safetensors file"):
        read()


def test_an_unknown_repository_is_not_found(read: Callable[..., ModelFacts]) -> None:
    with pytest.raises(ModelNotFound, match="There is no model org/nothing"):
        read("org/nothing")


def test_without_a_network_the_message_says_what_else_works(tmp_path: Path) -> None:
    nobody = Hub(endpoint="http://127.0.0.1:9")
    with pytest.raises(ModelNotFound) as raised:
        model_facts("Qwen/Qwen3-9B", base=tmp_path, hub=nobody)
    message = str(raised.value)
    assert message.startswith("Qwen/Qwen3-9B was not read: http://127.0.0.1:9 could not be reached")
    assert "Near it are Qwen/Qwen3-8B" in message
    assert "\n" not in message
