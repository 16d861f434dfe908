"""Who comes in, with what, and where it goes: on a real HAProxy."""

from __future__ import annotations

import httpx
from drivers.gateway_stack import GatewayStack, chat


def test_without_a_known_key_nobody_comes_in(stack: GatewayStack) -> None:
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    for headers in ({}, {"Authorization": "Bearer no-such-key"}, {"Authorization": f"Basic {stack.key}"}):
        answer = httpx.post(f"{gateway.url}/v1/chat/completions", json=chat(), headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["error"]["code"] == "invalid_api_key"
    assert stack.replicas.all[0].requests == []


def test_each_model_answers_as_itself(stack: GatewayStack) -> None:
    one, other = stack.replicas.more(2)
    stack.model("a", [one])
    stack.model("b", [other])
    gateway = stack.gateway()
    assert stack.post(gateway, chat("org/a")).json()["replica"] == one.address
    assert stack.post(gateway, chat("org/b")).json()["replica"] == other.address


def test_a_stream_comes_through_token_by_token(stack: GatewayStack) -> None:
    [replica] = stack.replicas.more()
    stack.model("a", [replica])
    gateway = stack.gateway()
    replica.hold()
    with (
        stack.client(gateway) as client,
        client.stream("POST", "/v1/chat/completions", json=chat(stream=True)) as answer,
    ):
        lines = answer.iter_lines()
        assert "t0" in next(lines), "the first token is here while the replica still works on the next"
        replica.release()
        assert list(lines)[-2] == "data: [DONE]"
