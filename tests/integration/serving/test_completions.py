"""/v1/completions, /invocations and /tokenize against a real server with a real model."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.model_server import MODEL_ID, ModelServer

FRANCE = "The capital of France is"


def body(prompt: Any, **fields: Any) -> dict[str, Any]:
    return {"prompt": prompt, "temperature": 0, "max_tokens": 3, **fields}


def test_each_prompt_of_a_list_gets_its_choice_in_order(server: ModelServer) -> None:
    answer = server.post("/v1/completions", body([FRANCE, "1, 2, 3, 4,"])).json()
    assert answer["object"] == "text_completion"
    assert answer["model"] == MODEL_ID
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert answer["choices"][0]["text"].startswith(" Paris")
    assert answer["choices"][1]["text"] == " 5,"
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 6


def test_a_stream_over_two_prompts_names_the_prompt_in_every_chunk(server: ModelServer) -> None:
    *parts, done = server.events("/v1/completions", body([FRANCE, "1, 2, 3, 4,"], stream=True))
    assert done == "[DONE]"
    texts = ["".join(p["choices"][0]["text"] for p in parts if p["choices"][0]["index"] == i) for i in (0, 1)]
    plain = server.post("/v1/completions", body([FRANCE, "1, 2, 3, 4,"])).json()
    assert texts == [choice["text"] for choice in plain["choices"]]
    ends = [part for part in parts if "usage" in part]
    assert len(ends) == 2
    assert {part["choices"][0]["finish_reason"] for part in ends} == {"length"}


@pytest.mark.parametrize(
    ("fields", "error_type"),
    [({"suffix": "end"}, "suffix not supported"), ({"prompt": ["a"] * 5}, "batch size exceeded")],
)
def test_what_is_not_served_has_its_own_error_type(server: ModelServer, fields: Any, error_type: str) -> None:
    answer = server.post("/v1/completions", {**body("x"), **fields})
    assert answer.status_code == 422
    assert answer.json()["error_type"] == error_type


def test_an_empty_list_of_prompts_is_no_request(server: ModelServer) -> None:
    answer = server.post("/v1/completions", body([]))
    assert answer.status_code == 422
    assert "Empty array detected" in answer.text


@pytest.mark.parametrize(
    ("asked", "has"),
    [
        ({"inputs": FRANCE, "parameters": {"max_new_tokens": 1}}, "generated_text"),
        ({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}, "choices"),
        ({"prompt": FRANCE, "max_tokens": 1}, "choices"),
    ],
    ids=["generate", "chat", "completions"],
)
def test_invocations_picks_the_route_by_the_body(server: ModelServer, asked: Any, has: str) -> None:
    answer = server.post("/invocations", asked).json()
    assert has in (answer[0] if isinstance(answer, list) else answer)


def test_invocations_refuses_a_body_of_no_kind(server: ModelServer) -> None:
    assert server.post("/invocations", {"text": "x"}).status_code == 422


def test_tokenize_gives_places_in_bytes(server: ModelServer) -> None:
    tokens = server.post("/tokenize", {"inputs": "Paris é 😀"}).json()
    data = "Paris é 😀".encode()
    assert tokens[0] == {"id": tokens[0]["id"], "text": "Paris", "start": 0, "stop": 5}
    assert tokens[-1]["stop"] == len(data)
    assert b"".join(data[token["start"] : token["stop"]] for token in tokens) == data
