"""One JSON object for each request, with what operators ask for, and nothing that users said."""

from __future__ import annotations

import re

import httpx
import psutil
from doubles.replicas import PROMPT_TOKENS
from drivers.callers import reading, whole
from drivers.gateway_stack import CHAT, GatewayStack, chat

FIELDS = {
    "time", "id", "client", "key", "route", "model", "affinity", "favourite", "server", "replica", "retries", "end",
    "started", "status", "request_ms", "queue_ms", "connect_ms", "first_byte_ms", "total_ms", "request_bytes",
    "response_bytes", "queued_before", "prompt_tokens", "completion_tokens",
}  # fmt: skip


def test_a_request_is_told_whole(stack: GatewayStack) -> None:
    replica = stack.replicas.one()
    stack.model("a", [replica])
    gateway = stack.gateway()
    stack.post(gateway, chat())
    [row] = gateway.log_of(1)
    assert set(row) == FIELDS
    expected = {"key": "tester", "route": f"POST {CHAT}", "model": "a", "affinity": "prefix", "status": 200}
    assert row.items() >= expected.items()
    assert row["replica"] == replica.address
    assert row["favourite"] == row["server"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row["time"])
    assert row["total_ms"] >= row["first_byte_ms"] >= 0


def test_tokens_are_counted_in_whole_answers_and_in_streams(stack: GatewayStack) -> None:
    stack.replicas.behaviour.events = 500
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    stack.post(gateway, chat())
    with reading(stack, gateway, chat()) as (_, lines):
        assert whole(lines)
    counted = [(row["prompt_tokens"], row["completion_tokens"]) for row in gateway.log_of(2)]
    assert counted == [(PROMPT_TOKENS, 3), (PROMPT_TOKENS, 500)]


def test_tgis_headers_are_believed_first(stack: GatewayStack) -> None:
    stack.replicas.behaviour.headers = ("x-prompt-tokens: 11", "x-generated-tokens: 22")
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    stack.post(gateway, {"inputs": "x"}, "/generate")
    [row] = gateway.log_of(1)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (11, 22)


def test_numbers_that_a_model_writes_are_not_taken_for_its_usage(stack: GatewayStack) -> None:
    stack.replicas.behaviour.extra_fields = {"text": '"prompt_tokens": 1, "completion_tokens": 1'}
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    stack.post(gateway, chat())
    [row] = gateway.log_of(1)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (PROMPT_TOKENS, 3)


def test_an_answer_without_usage_has_no_counts(stack: GatewayStack) -> None:
    stack.replicas.behaviour.extra_fields = {"usage": None}
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    stack.post(gateway, chat())
    [row] = gateway.log_of(1)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (None, None)


def test_nothing_that_a_client_said_is_in_any_output(stack: GatewayStack) -> None:
    """Keys, bodies, query strings, made-up models, paths and sessions; and what engines answered."""
    stack.model("a", stack.replicas.more(2))
    gateway = stack.gateway()
    secret = "said-in-private"
    headers = {"Authorization": f"Bearer {stack.key}", "X-Session-Id": secret, "X-Model": secret, "Cookie": secret}
    asked = {"model": "org/a", "messages": [{"role": "user", "content": secret}], secret: secret}
    with httpx.Client(base_url=gateway.url, headers=headers) as client:
        client.post(CHAT, params={"key": secret}, json=asked)
        client.post(CHAT, json=asked | {"model": secret})
        client.post(f"/{secret}", json=asked)
        client.request(secret.upper(), CHAT, json=asked)
        client.post(CHAT, headers={"Authorization": f"Bearer {secret}"}, json=asked)
    assert [row["status"] for row in gateway.log_of(5)] == [200, 404, 404, 404, 401]
    written = gateway.output.read_text() + gateway.errors()
    assert secret not in written.lower()
    assert stack.key not in written
    assert "prompt_tokens" in written


def test_what_is_not_http_is_logged_and_answered_as_such(stack: GatewayStack) -> None:
    import socket

    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    with socket.create_connection(("127.0.0.1", gateway.spec.port)) as connection:
        connection.sendall(b"what is this?\r\n\r\n")
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400 ")
    [row] = gateway.log_of(1)
    assert set(row) == FIELDS
    assert (row["status"], row["key"], row["route"]) == (400, "-", "-")


def test_probes_are_not_logged(stack: GatewayStack) -> None:
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    for path in ("/ping", "/health"):
        assert httpx.get(gateway.url + path).status_code == 200
    stack.post(gateway, chat())
    assert [row["route"] for row in gateway.log_of(1)] == [f"POST {CHAT}"]


def test_a_long_answer_without_counts_costs_about_as_much_as_a_short_one(stack: GatewayStack) -> None:
    """Counts are looked for in its last kilobytes, while HAProxy does nothing else."""
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    assert gateway.process
    process = psutil.Process(gateway.process.pid)

    def processor_seconds() -> float:
        before = process.cpu_times().user
        for _ in range(5):
            stack.post(gateway, chat())
        return process.cpu_times().user - before

    short = processor_seconds()
    stack.replicas.behaviour.extra_fields = {"usage": None, "text": "word " * 2_000}
    assert processor_seconds() <= 10 * max(short, 0.05)
    assert [row["completion_tokens"] is None for row in gateway.log_of(10)] == [False] * 5 + [True] * 5
