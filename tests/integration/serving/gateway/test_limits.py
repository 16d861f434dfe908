"""Requests per minute of a key."""

from __future__ import annotations

import pytest
from drivers.gateway_stack import GatewayStack, chat
from drivers.haproxy import Haproxy


def admitted(stack: GatewayStack, gateway: Haproxy, key: str, tries: int) -> list[int]:
    with stack.client(gateway, key) as client:
        return [client.post("/v1/chat/completions", json=chat()).status_code for _ in range(tries)]


@pytest.fixture
def keyed(stack: GatewayStack) -> GatewayStack:
    stack.model("a", stack.replicas.more())
    stack.files_of_keys({"plain": ("plain", None), "small": ("small", 3)})
    return stack


def test_a_key_has_its_own_limit_and_others_the_stacks(keyed: GatewayStack) -> None:
    gateway = keyed.gateway(requests_per_minute=5)
    assert admitted(keyed, gateway, "small", 5) == [200] * 3 + [429] * 2
    assert admitted(keyed, gateway, "plain", 7) == [200] * 5 + [429] * 2


def test_who_is_over_its_limit_is_told_when_the_minute_is_over(keyed: GatewayStack) -> None:
    gateway = keyed.gateway(requests_per_minute=1)
    admitted(keyed, gateway, "plain", 1)
    with keyed.client(gateway, "plain") as client:
        refused = client.post("/v1/chat/completions", json=chat())
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"


def test_two_gateways_hold_half_of_each_limit(keyed: GatewayStack) -> None:
    two = [keyed.gateway(gateways=2, requests_per_minute=8) for _ in range(2)]
    for gateway in two:
        assert admitted(keyed, gateway, "plain", 6) == [200] * 4 + [429] * 2
        assert admitted(keyed, gateway, "small", 3) == [200] * 2 + [429], "three, halved, is rounded up"


def test_what_the_gateway_itself_refuses_for_other_reasons_is_paid_for_too(keyed: GatewayStack) -> None:
    gateway = keyed.gateway(requests_per_minute=3)
    with keyed.client(gateway, "plain") as client:
        statuses = [client.post("/v1/chat/completions", json=chat("unknown")).status_code for _ in range(4)]
    assert statuses == [404, 404, 404, 429]
