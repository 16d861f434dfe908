"""/v1/chat/completions against a real server with a real model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from drivers.model_server import MODEL_ID, ModelServer

SHORT = {"role": "system", "content": "Answer in one short English sentence."}
FRANCE = {"role": "user", "content": "What is the capital of France?"}

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 12}, "unit": {"enum": ["C", "F"]}},
            "required": ["city", "unit"],
        },
    },
}


def body(*messages: dict[str, str], **fields: Any) -> dict[str, Any]:
    return {"messages": messages, "temperature": 0, "max_tokens": 40, **fields}


def chunks(events: list[Any]) -> list[Any]:
    assert events[-1] == "[DONE]"
    return events[:-1]


def test_the_model_knows_the_capital_of_france(server: ModelServer) -> None:
    answer = server.post("/v1/chat/completions", body(SHORT, FRANCE)).json()
    (choice,) = answer["choices"]
    assert "Paris" in choice["message"]["content"]
    assert choice["message"]["role"] == "assistant"
    assert choice["finish_reason"] == "stop"
    assert choice["logprobs"] is None
    assert answer["object"] == "chat.completion"
    assert answer["id"] == ""
    assert answer["model"] == MODEL_ID
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_an_unknown_model_name_is_echoed(server: ModelServer) -> None:
    asked = body(FRANCE, max_tokens=1)
    assert server.post("/v1/chat/completions", {**asked, "model": "gpt-x"}).json()["model"] == "gpt-x"
    assert server.post("/v1/chat/completions", {**asked, "model": "tgi"}).json()["model"] == MODEL_ID


def test_a_stream_gives_the_same_text_as_a_plain_answer(server: ModelServer) -> None:
    plain = server.post("/v1/chat/completions", body(SHORT, FRANCE)).json()
    asked = body(SHORT, FRANCE, stream=True, stream_options={"include_usage": True})
    *parts, usage = chunks(server.events("/v1/chat/completions", asked))
    deltas = [part["choices"][0]["delta"] for part in parts]
    assert "".join(delta["content"] for delta in deltas) == plain["choices"][0]["message"]["content"]
    assert {delta["role"] for delta in deltas} == {"assistant"}
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    assert [part["choices"][0]["finish_reason"] for part in parts] == [None] * (len(parts) - 1) + ["stop"]
    assert usage["choices"] == []
    assert usage["usage"] == plain["usage"]
    assert len(parts) == plain["usage"]["completion_tokens"], "one chunk for each token"


def test_without_include_usage_no_chunk_has_usage(server: ModelServer) -> None:
    parts = chunks(server.events("/v1/chat/completions", body(FRANCE, stream=True, max_tokens=3)))
    assert [part["usage"] for part in parts] == [None, None, None]
    assert parts[-1]["choices"][0]["finish_reason"] == "length"


def test_logprobs_come_with_their_alternatives(server: ModelServer) -> None:
    asked = body(FRANCE, logprobs=True, top_logprobs=2, max_tokens=3)
    content = server.post("/v1/chat/completions", asked).json()["choices"][0]["logprobs"]["content"]
    assert len(content) == 3
    for entry in content:
        assert entry["logprob"] < 0
        assert entry["top_logprobs"][0] == {"token": entry["token"], "logprob": entry["logprob"]}
        assert len(entry["top_logprobs"]) == 2
    streamed = chunks(server.events("/v1/chat/completions", {**asked, "stream": True}))
    assert [part["choices"][0]["logprobs"]["content"] for part in streamed] == [[entry] for entry in content]


def test_text_parts_are_joined(server: ModelServer) -> None:
    parts = [{"type": "text", "text": "What is the capital"}, {"type": "text", "text": " of France?"}]
    asked = body(SHORT, {"role": "user", "content": parts})  # type: ignore[dict-item]
    assert "Paris" in server.post("/v1/chat/completions", asked).json()["choices"][0]["message"]["content"]


def test_an_image_is_refused(server: ModelServer) -> None:
    image = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]}
    answer = server.post("/v1/chat/completions", {"messages": [image]})
    assert answer.status_code == 422
    expected = {"error": "Input validation error: image modality is not supported", "error_type": "validation"}
    assert answer.json() == expected


def test_response_format_in_tgis_shape_gives_json(server: ModelServer) -> None:
    schema = {"properties": {"capital": {"type": "string", "maxLength": 12}}, "required": ["capital"]}
    asked = body(FRANCE, response_format={"type": "json_object", "value": schema})
    text = server.post("/v1/chat/completions", asked).json()["choices"][0]["message"]["content"]
    assert set(json.loads(text)) == {"capital"}


def test_openais_response_format_is_refused_as_tgi_does(server: ModelServer) -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"properties": {}}}}
    answer = server.post("/v1/chat/completions", body(FRANCE, response_format=shape))
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/plain")
    assert "response_format" in answer.text


@pytest.mark.parametrize(
    "choice",
    ["required", "get_weather", {"type": "function", "function": {"name": "get_weather"}}],
    ids=["required", "by name", "by object"],
)
def test_a_forced_tool_is_called_with_its_required_arguments(server: ModelServer, choice: Any) -> None:
    question = {"role": "user", "content": "What is the weather in Paris, in C?"}
    asked = body(question, tools=[WEATHER], tool_choice=choice, max_tokens=100)
    message = server.post("/v1/chat/completions", asked).json()["choices"][0]["message"]
    (call,) = message["tool_calls"]
    assert call["type"] == "function"
    assert call["function"]["name"] == "get_weather"
    assert set(json.loads(call["function"]["arguments"])) == {"city", "unit"}
    assert "content" not in message


def test_a_streamed_tool_call_is_the_same_call(server: ModelServer) -> None:
    question = {"role": "user", "content": "What is the weather in Paris, in C?"}
    asked = body(question, tools=[WEATHER], tool_choice="required", max_tokens=100)
    plain = server.post("/v1/chat/completions", asked).json()["choices"][0]["message"]["tool_calls"][0]["function"]
    usage = {"include_usage": True}
    parts = chunks(server.events("/v1/chat/completions", {**asked, "stream": True, "stream_options": usage}))
    (call,) = parts[0]["choices"][0]["delta"]["tool_calls"]
    assert call == {"index": 0, "id": "0", "type": "function", "function": call["function"]}
    assert call["function"]["name"] == plain["name"]
    assert call["function"]["arguments"] == plain["arguments"]
    assert parts[0]["choices"][0]["finish_reason"] == "stop"
    assert parts[1]["usage"]["completion_tokens"] > 0


def test_tool_choice_none_answers_in_words(server: ModelServer) -> None:
    asked = body(SHORT, FRANCE, tools=[WEATHER], tool_choice="none")
    plain = server.post("/v1/chat/completions", body(SHORT, FRANCE)).json()
    assert server.post("/v1/chat/completions", asked).json()["choices"] == plain["choices"]


def test_auto_either_calls_a_tool_or_answers_in_words(server: ModelServer) -> None:
    asked = body(SHORT, FRANCE, tools=[WEATHER], tool_choice="auto", max_tokens=100)
    message = server.post("/v1/chat/completions", asked).json()["choices"][0]["message"]
    assert ("tool_calls" in message) != bool(message.get("content"))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (
            {"tools": [WEATHER], "tool_choice": "nothing_like_it"},
            "Tool error: Tool with name nothing_like_it not found",
        ),
        (
            {"tools": [WEATHER], "response_format": {"type": "json", "value": {"properties": {}}}},
            "Tool error: Grammar and tools are mutually exclusive",
        ),
    ],
)
def test_tools_that_do_not_fit_are_a_tool_error(server: ModelServer, fields: dict[str, Any], error: str) -> None:
    answer = server.post("/v1/chat/completions", body(FRANCE, **fields))
    assert answer.status_code == 422
    assert answer.json() == {"error": error, "error_type": "tool_error"}


def test_a_failed_stream_says_422_and_still_ends_with_done(server: ModelServer) -> None:
    asked = {"messages": [FRANCE], "stream": True, "top_p": 1.0}
    message = "Input validation error: `top_p` must be > 0.0 and < 1.0"
    events = server.events("/v1/chat/completions", asked)
    assert events == [{"error": {"message": message, "http_status_code": 422}}, "[DONE]"]


def test_chat_tokenize_shows_the_templated_text(server: ModelServer) -> None:
    answer = server.post("/chat_tokenize", {"messages": [SHORT, FRANCE]}).json()
    assert answer["templated_text"].startswith("<|im_start|>system\nAnswer in one short English sentence.<|im_end|>")
    assert answer["templated_text"].endswith("<|im_start|>assistant\n")
    assert "".join(token["text"] for token in answer["tokenize_response"]) == answer["templated_text"]
