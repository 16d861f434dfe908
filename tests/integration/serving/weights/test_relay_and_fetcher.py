"""A model of the Hub's double through a real relay to a real fetcher, and what can happen to them on the way."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest
from doubles.hub import COMMIT, HubDouble
from doubles.model_repositories import as_json, config, safetensors
from drivers.eventually import eventually
from drivers.oci_images import noise
from drivers.weights import WeightsStack

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


LARGE = "model-00001-of-00002.safetensors"


@pytest.fixture
def weights(hub: HubDouble) -> Weights:
    hub.has(MODEL, {**NEEDED, **LEFT_OUT})
    return list_hub(MODEL, revision=None, gguf=False, hub=Hub(endpoint=hub.endpoint))


def only(weights: Weights, *paths: str) -> Weights:
    return replace(weights, files=tuple(file for file in weights.files if file.path in paths))


def test_a_replica_gets_the_files_an_engine_needs_and_no_others(stack: WeightsStack, weights: Weights) -> None:
    assert weights.revision == COMMIT
    stack.serves(tiny=weights)
    fetcher = stack.fetched("tiny")
    assert fetcher.files() == NEEDED
    assert fetcher.finished().fetched == fetcher.finished().total == weights.size == sum(map(len, NEEDED.values()))


def test_llama_cpp_gets_the_one_file_of_its_quantization(hub: HubDouble, stack: WeightsStack) -> None:
    files = {"x.Q4_K_M.gguf": b"GGUF" + noise(1000), "x.Q8_0.gguf": b"GGUF" + noise(2000), "config.json": b"{}"}
    hub.has("org/x-GGUF", files)
    stack.serves(
        x=list_hub("org/x-GGUF", revision=None, gguf=True, quantization="Q8_0", hub=Hub(endpoint=hub.endpoint))
    )
    assert stack.fetched("x").files() == {"x.Q8_0.gguf": files["x.Q8_0.gguf"]}


def test_a_second_start_asks_for_nothing(stack: WeightsStack, weights: Weights) -> None:
    stack.serves(tiny=weights)
    stack.fetched("tiny")
    again = stack.fetched("tiny")
    assert again.finished().fetched == 0
    assert again.files() == NEEDED


def test_a_fetcher_that_was_killed_goes_on_where_it_was(hub: HubDouble, stack: WeightsStack, weights: Weights) -> None:
    stack.serves(tiny=only(weights, LARGE))
    hub.stands_still_after(2)
    first = stack.fetcher("tiny", "--connections", "1")
    eventually(lambda: first.parts_arrived() == 2, "two parts have arrived")
    first.killed()
    hub.goes_on()
    second = stack.fetched("tiny")
    assert second.finished().fetched == len(NEEDED[LARGE]) - 2 * PART
    assert second.files() == {LARGE: NEEDED[LARGE]}


def test_parts_that_were_damaged_meanwhile_are_fetched_again(
    hub: HubDouble, stack: WeightsStack, weights: Weights
) -> None:
    stack.serves(tiny=only(weights, LARGE))
    hub.stands_still_after(2)
    first = stack.fetcher("tiny", "--connections", "1")
    eventually(lambda: first.parts_arrived() == 2, "two parts have arrived")
    first.killed()
    first.damages_what_arrived()
    hub.goes_on()
    second = stack.fetched("tiny")
    assert "fetching it again" in second.said()
    assert second.files() == {LARGE: NEEDED[LARGE]}


def test_a_relay_that_is_killed_and_replaced_costs_nothing_that_arrived(
    hub: HubDouble, stack: WeightsStack, weights: Weights
) -> None:
    stack.serves(tiny=only(weights, LARGE))
    hub.stands_still_after(1)
    fetcher = stack.fetcher("tiny", "--connections", "2")
    eventually(lambda: fetcher.parts_arrived() == 1, "one part has arrived")
    stack.stop_relay(signal.SIGKILL)
    hub.goes_on()
    stack.start_relay()
    assert fetcher.exit_code() == 0, fetcher.said()
    assert fetcher.files() == {LARGE: NEEDED[LARGE]}


def test_a_source_that_breaks_off_is_taken_up_by_the_relay(
    hub: HubDouble, stack: WeightsStack, weights: Weights
) -> None:
    stack.serves(tiny=only(weights, LARGE))
    hub.cuts_the_connection_after(1000, 500_000)
    assert stack.get(f"/tiny/{LARGE}").content == NEEDED[LARGE]
    last = len(NEEDED[LARGE]) - 1
    assert hub.ranges_asked_for() == [f"bytes={start}-{last}" for start in (0, 1000, 501_000)]


def test_a_source_without_ranges_will_do(hub: HubDouble, stack: WeightsStack, weights: Weights) -> None:
    stack.serves(tiny=only(weights, LARGE))
    hub.knows_no_ranges()
    assert stack.fetched("tiny").files() == {LARGE: NEEDED[LARGE]}


def test_a_source_that_asks_to_wait_is_waited_for(hub: HubDouble, stack: WeightsStack, weights: Weights) -> None:
    stack.serves(tiny=only(weights, "config.json"))
    hub.answers_429(retry_after=1, times=2)
    assert stack.get("/tiny/config.json").content == NEEDED["config.json"]


def test_other_bytes_than_listed_never_get_the_name(hub: HubDouble, stack: WeightsStack, weights: Weights) -> None:
    stack.serves(tiny=only(weights, "config.json", LARGE))
    hub.serves_other_bytes(noise(len(NEEDED[LARGE]), seed=9), instead_of=NEEDED[LARGE])
    fetcher = stack.fetcher("tiny")
    assert fetcher.exit_code() == 4
    assert fetcher.last_line().startswith(f"weights failed: {LARGE} has the SHA-256 ")
    assert LARGE not in fetcher.files()


def test_a_full_disk_is_one_sentence(stack: WeightsStack, weights: Weights) -> None:
    stack.serves(tiny=weights)
    fetcher = stack.fetcher("tiny", file_limit=PART)
    assert fetcher.exit_code() == 3
    assert "is full (File too large); the weights need more" in fetcher.last_line()
    assert "Traceback" not in fetcher.said()


def test_a_fetcher_without_a_relay_gives_up_when_its_patience_ends(stack: WeightsStack, weights: Weights) -> None:
    stack.serves(tiny=weights)
    stack.stop_relay()
    fetcher = stack.fetcher("tiny", patience=0.2)
    assert fetcher.exit_code() == 1
    assert f"The relay 127.0.0.1:{stack.port} does not answer" in fetcher.last_line()


def test_a_model_that_is_not_in_the_configuration_is_named_beside_those_that_are(
    stack: WeightsStack, weights: Weights
) -> None:
    stack.serves(tiny=weights)
    fetcher = stack.fetcher("huge")
    assert fetcher.exit_code() == 2
    assert fetcher.last_line() == "weights failed: No model 'huge' in the weights' configuration; it has: tiny."


@pytest.mark.parametrize(
    "path",
    [
        "/tiny/README.md",
        "/tiny/pytorch_model.bin",
        "/tiny/../tiny/config.json/..",
        "/tiny/%2e%2e/tiny/README.md",
        "/tiny//config.json",
        "/other/config.json",
        "/org/tiny/resolve/main/config.json",
        "/http://169.254.169.254/latest/meta-data",
    ],
)
def test_what_is_not_listed_is_a_404_and_nobody_is_asked(
    hub: HubDouble, stack: WeightsStack, weights: Weights, path: str
) -> None:
    stack.serves(tiny=weights)
    before = len(hub.requests)
    assert stack.get(path).status_code == 404
    assert len(hub.requests) == before


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/latest/meta-data",
        "http://2852039166/latest/meta-data",
        "http://10.0.0.1/weights",
        "http://[fd00::1]/weights",
        "file:///etc/passwd",
    ],
)
def test_a_source_cannot_send_the_relay_inside_the_network(
    hub: HubDouble, stack: WeightsStack, weights: Weights, address: str
) -> None:
    stack.serves(tiny=weights)
    hub.sends_downloads_to(address)
    answer = stack.get("/tiny/config.json")
    assert answer.status_code == 502
    assert "not followed" in answer.text or "no http or https address" in answer.text


def test_the_token_goes_to_the_hub_and_nowhere_else(hub: HubDouble, stack: WeightsStack, weights: Weights) -> None:
    hub.knows_the_token(TOKEN)
    stack.environ = {"SECRET_HUB_TOKEN__HF_TOKEN": TOKEN}
    stack.serves(tiny=replace(weights, credentials="hub-token"))
    hub.requests.clear()
    fetcher = stack.fetched("tiny")
    assert {(seen.server, seen.authorization) for seen in hub.requests} == {
        ("hub", f"Bearer {TOKEN}"),
        ("storage", None),
    }
    assert TOKEN not in stack.relay_log() + fetcher.said()


def test_a_gated_model_without_a_token_says_what_is_missing(
    hub: HubDouble, stack: WeightsStack, weights: Weights
) -> None:
    stack.serves(tiny=weights)
    hub.requires_licence(MODEL)
    fetcher = stack.fetcher("tiny")
    assert fetcher.exit_code() == 1
    assert "the relay has no token. It needs one that may read the model" in fetcher.last_line()


def test_a_signed_address_is_used_until_it_is_void_and_never_logged(
    hub: HubDouble, stack: WeightsStack, weights: Weights
) -> None:
    hub.signs_addresses_with("first-signature")
    stack.serves(tiny=only(weights, LARGE))
    asked = len([seen for seen in hub.requests if seen.server == "hub"])
    path, ranges = f"/tiny/{LARGE}", ("bytes=0-9", "bytes=10-19", "bytes=20-29")
    parts = [stack.get(path, Range=ranges[0]), stack.get(path, Range=ranges[1])]
    assert len([seen for seen in hub.requests if seen.server == "hub"]) == asked + 1
    hub.signs_addresses_with("second-signature")
    parts.append(stack.get(path, Range=ranges[2]))
    assert [part.status_code for part in parts] == [206, 206, 206]
    assert b"".join(part.content for part in parts) == NEEDED[LARGE][:30]
    assert "signature" not in stack.relay_log()


def test_a_relay_ends_with_0_when_it_is_asked_to(stack: WeightsStack, weights: Weights) -> None:
    stack.serves(tiny=weights)
    assert stack.stop_relay() == 0
