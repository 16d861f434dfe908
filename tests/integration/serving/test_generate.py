"""/generate, /generate_stream and / against a real server with a real model."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from drivers.model_server import ModelServer

EMOJI = "Repeat: 😀😀😀\n😀"
"""SmolLM2 continues it with the same character, which its tokenizer splits into three tokens."""


def generated(server: ModelServer, inputs: str, **parameters: Any) -> dict[str, Any]:
    answer = server.post("/generate", {"inputs": inputs, "parameters": parameters})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_details_list_every_token_with_its_log_probability(server: ModelServer) -> None:
    details = generated(server, "The capital of France is", max_new_tokens=4, details=True)["details"]
    assert details["finish_reason"] == "length"
    assert details["generated_tokens"] == len(details["tokens"]) == 4
    assert details["prefill"] == []
    assert details["seed"] is None, "greedy decoding uses no seed"
    first = details["tokens"][0]
    assert first["text"] == " Paris"
    assert first["logprob"] < 0
    assert first["special"] is False


def test_an_answer_carries_tgis_timing_headers(server: ModelServer) -> None:
    answer = server.post("/generate", {"inputs": "One two", "parameters": {"max_new_tokens": 3}})
    assert answer.headers["x-compute-characters"] == "7"
    assert answer.headers["x-prompt-tokens"] == "2"
    assert answer.headers["x-generated-tokens"] == "3"
    for name in ("x-compute-type", "x-compute-time", "x-total-time", "x-validation-time", "x-queue-time"):
        assert name in answer.headers
    assert int(answer.headers["x-inference-time"]) >= int(answer.headers["x-time-per-token"])


def test_a_stream_counts_from_one_and_ends_with_the_whole_text(server: ModelServer) -> None:
    body = {"inputs": "The capital of France is", "parameters": {"max_new_tokens": 4, "details": True}}
    answer = server.post("/generate_stream", body)
    events = server.events("/generate_stream", body)
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "[DONE]" not in answer.text
    assert [event["index"] for event in events] == [1, 2, 3, 4]
    assert all(event["generated_text"] is None and event["details"] is None for event in events[:-1])
    assert events[-1]["generated_text"] == "".join(event["token"]["text"] for event in events)
    assert events[-1]["details"] == {"finish_reason": "length", "generated_tokens": 4, "seed": None, "input_length": 5}


def test_a_failed_stream_is_http_200_with_one_error_event(server: ModelServer) -> None:
    events = server.events("/generate_stream", {"inputs": "x", "parameters": {"temperature": 0}})
    expected = "Input validation error: `temperature` must be strictly positive"
    assert events == [{"error": expected, "error_type": "validation"}]


def test_the_root_route_answers_a_list_and_puts_the_prompt_in_front(server: ModelServer) -> None:
    body: dict[str, Any] = {"inputs": "The capital of France is", "parameters": {"max_new_tokens": 1}}
    assert server.post("/", body).json() == [{"generated_text": "The capital of France is Paris"}]
    body["parameters"]["return_full_text"] = False
    assert server.post("/", body).json() == [{"generated_text": " Paris"}]


def test_a_stop_sequence_ends_the_text_and_stays_in_it(server: ModelServer) -> None:
    answer = generated(server, "1, 2, 3, 4,", max_new_tokens=40, stop=["7"], details=True)
    assert answer["generated_text"] == " 5, 6, 7"
    assert answer["details"]["finish_reason"] == "stop_sequence"
    assert "".join(token["text"] for token in answer["details"]["tokens"]) == " 5, 6, 7"


def test_a_split_character_is_never_sent_in_parts_and_each_of_its_tokens_counts(server: ModelServer) -> None:
    body = {"inputs": EMOJI, "parameters": {"max_new_tokens": 6, "details": True}}
    events = server.events("/generate_stream", body)
    assert [event["token"]["text"] for event in events] == ["", "", "😀", "", "", "😀"]
    assert len({event["token"]["id"] for event in events}) == 3, "three tokens make the character"
    assert [event["token"]["logprob"] is None for event in events[:3]] == [True, True, False]
    assert events[-1]["generated_text"] == "😀😀"


def test_a_limit_inside_a_character_drops_the_rest_of_it_but_counts_the_tokens(server: ModelServer) -> None:
    events = server.events("/generate_stream", {"inputs": EMOJI, "parameters": {"max_new_tokens": 5, "details": True}})
    assert len(events) == 5
    assert events[-1]["generated_text"] == "😀"
    assert events[-1]["details"]["generated_tokens"] == 5


def test_the_same_seed_gives_the_same_text(server: ModelServer) -> None:
    same = [generated(server, "Once upon a", max_new_tokens=12, do_sample=True, seed=2**63 + 7) for _ in range(2)]
    assert same[0] == same[1]
    details = generated(server, "Once upon a", max_new_tokens=2, do_sample=True, seed=2**63 + 7, details=True)
    assert details["details"]["seed"] == 2**63 + 7


def test_best_of_returns_the_likelier_run_and_shows_the_other(server: ModelServer) -> None:
    details = generated(server, "Once upon a", max_new_tokens=8, do_sample=True, best_of=2, details=True)["details"]
    (other,) = details["best_of_sequences"]

    def mean(run: dict[str, Any]) -> float:
        known = [token["logprob"] for token in run["tokens"] if token["logprob"] is not None]
        return float(sum(known) / len(known))

    assert mean(details) >= mean(other)
    assert other["generated_tokens"] == len(other["tokens"])


def test_top_n_tokens_are_the_likeliest_first(server: ModelServer) -> None:
    details = generated(server, "The capital of France is", max_new_tokens=2, top_n_tokens=3, details=True)["details"]
    assert [len(top) for top in details["top_tokens"]] == [3, 3]
    for top, token in zip(details["top_tokens"], details["tokens"], strict=True):
        assert top[0] == token, "greedy decoding takes the likeliest"
        assert [t["logprob"] for t in top] == sorted((t["logprob"] for t in top), reverse=True)


def test_truncate_keeps_the_end_of_the_prompt(server: ModelServer) -> None:
    full = server.post("/generate", {"inputs": "The capital of France is", "parameters": {"max_new_tokens": 1}})
    cut = {"inputs": "noise noise noise The capital of France is", "parameters": {"max_new_tokens": 1, "truncate": 5}}
    answer = server.post("/generate", cut)
    assert answer.headers["x-prompt-tokens"] == "5"
    assert answer.json() == full.json()


def test_a_json_grammar_is_enforced(server: ModelServer) -> None:
    schema = {"properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "maximum": 99}}}
    grammar = {"type": "json", "value": {**schema, "required": ["name", "age"]}}
    text = generated(server, "A person: ", max_new_tokens=60, grammar=grammar)["generated_text"]
    assert set(json.loads(text)) == {"name", "age"}


def test_a_named_json_schema_is_enforced(server: ModelServer) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    grammar = {"type": "json_schema", "value": {"name": "verdict", "schema": schema}}
    text = generated(server, "Verdict: ", max_new_tokens=20, grammar=grammar)["generated_text"]
    assert isinstance(json.loads(text)["ok"], bool)


def test_a_regex_grammar_is_enforced(server: ModelServer) -> None:
    grammar = {"type": "regex", "value": "[0-9]{3}/[a-c]{2}"}
    text = generated(server, "Code: ", max_new_tokens=20, grammar=grammar)["generated_text"]
    assert re.fullmatch("[0-9]{3}/[a-c]{2}", text)


@pytest.mark.parametrize(
    ("grammar", "says"),
    [
        ({"type": "regex", "value": "[0-9"}, "grammar is not valid"),
        ({"type": "regex", "value": "(?<=a)b"}, "grammar is not valid"),
        ({"type": "json", "value": {"properties": {"a": {"type": "nonsense"}}}}, "grammar is not valid"),
        ({"type": "json", "value": {"type": "object"}}, "Grammar must have a 'properties' field"),
        ({"type": "json", "value": 3}, "grammar is not supported"),
    ],
)
def test_a_grammar_that_would_be_ignored_is_refused(server: ModelServer, grammar: dict[str, Any], says: str) -> None:
    answer = server.post("/generate", {"inputs": "x", "parameters": {"max_new_tokens": 2, "grammar": grammar}})
    assert answer.status_code == 422
    assert says in answer.json()["error"]
