from __future__ import annotations

from typing import Any

import pytest

from llmctl.serving.server.body import parsed, unknown_fields
from llmctl.serving.server.errors import Rejection
from llmctl.serving.server.schemas import ChatRequest, CompatGenerateRequest, CompletionRequest, GenerateRequest

HELLO = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        (GenerateRequest, {}, "missing field `inputs`"),
        (GenerateRequest, [], "valid dictionary"),
        (GenerateRequest, {"inputs": "x", "parameters": {"do_sample": None}}, "parameters.do_sample"),
        (GenerateRequest, {"inputs": "x", "parameters": {"do_sample": 1}}, "parameters.do_sample"),
        (GenerateRequest, {"inputs": "x", "parameters": {"max_new_tokens": -1}}, "parameters.max_new_tokens"),
        (GenerateRequest, {"inputs": "x", "parameters": {"max_new_tokens": 1.5}}, "parameters.max_new_tokens"),
        (GenerateRequest, {"inputs": "x", "parameters": {"seed": 2**64}}, "parameters.seed"),
        (GenerateRequest, {"inputs": "x", "parameters": {"grammar": {"type": "gbnf", "value": ""}}}, "grammar"),
        (CompatGenerateRequest, {"inputs": "x", "stream": None}, "stream"),
        (CompletionRequest, {"prompt": [1, 2]}, "prompt"),
        (CompletionRequest, {"prompt": "x", "stop": "end"}, "stop"),
        (ChatRequest, {}, "missing field `messages`"),
        (ChatRequest, {"messages": [{"content": "hi"}]}, "messages.0: missing field `role`"),
        (ChatRequest, {"messages": [{"role": "user"}]}, "untagged enum MessageBody"),
        (ChatRequest, {**HELLO, "stop": "end"}, "stop"),
        (ChatRequest, {**HELLO, "stream": None}, "stream"),
        (ChatRequest, {**HELLO, "stream_options": None}, "stream_options"),
        (ChatRequest, {**HELLO, "logit_bias": {"5": 1}}, "logit_bias"),
        (ChatRequest, {**HELLO, "max_tokens": 1, "max_completion_tokens": 1}, "duplicate field `max_tokens`"),
    ],
    ids=str,
)
def test_a_body_that_tgi_cannot_read_is_rejected_with_the_place(kind: Any, body: Any, says: str) -> None:
    with pytest.raises(Rejection) as rejection:
        parsed(kind, body)
    assert rejection.value.status == 422
    assert str(rejection.value).startswith("Failed to deserialize the JSON body into the target type: ")
    assert says in str(rejection.value)


def test_a_rejection_does_not_repeat_what_was_sent() -> None:
    with pytest.raises(Rejection) as rejection:
        parsed(GenerateRequest, {"inputs": ["a private thought"]})
    assert "private" not in str(rejection.value)


@pytest.mark.parametrize(
    ("kind", "body", "count"),
    [
        (GenerateRequest, {"inputs": "x", "stream": True}, 1),
        (CompatGenerateRequest, {"inputs": "x", "stream": True}, 0),
        (GenerateRequest, {"inputs": "x", "parameters": {"min_p": 0.1, "top_k": 3, "dry": 1}}, 2),
        (ChatRequest, {**HELLO, "max_completion_tokens": 3, "user": "me", "parallel_tool_calls": True}, 2),
        (CompletionRequest, {"prompt": "x", "n": 1}, 1),
    ],
    ids=str,
)
def test_fields_that_tgi_does_not_know_are_counted(kind: Any, body: Any, count: int) -> None:
    parsed(kind, body)
    assert unknown_fields(kind, body) == count


def test_max_completion_tokens_is_another_name_of_max_tokens() -> None:
    assert parsed(ChatRequest, {**HELLO, "max_completion_tokens": 3}).max_tokens == 3


def test_null_is_the_same_as_nothing_where_tgi_has_an_option() -> None:
    fields = ("temperature", "top_p", "seed", "stop", "tools", "tool_choice", "response_format", "max_tokens", "n")
    assert parsed(ChatRequest, {**HELLO, **dict.fromkeys(fields)}).temperature is None
