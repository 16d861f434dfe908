"""Keys that come and go while the gateway runs."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from drivers.callers import reading, whole
from drivers.gateway_stack import GatewayStack, chat
from drivers.haproxy import Haproxy

from llmctl.serving.errors import GatewayError
from llmctl.serving.gateway.haproxy.administration import Administration
from llmctl.serving.gateway.keys import key_files, new_key

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def gateway(stack: GatewayStack) -> Haproxy:
    stack.model("a", stack.replicas.more())
    return stack.gateway()


def status(stack: GatewayStack, gateway: Haproxy, key: str) -> int:
    with stack.client(gateway, key) as client:
        return client.post("/v1/chat/completions", json=chat()).status_code


def test_the_secrets_files_are_what_the_gateway_reads(stack: GatewayStack) -> None:
    key, record = new_key("team", 1, now=NOW)
    for name, text in key_files([record]).items():
        (stack.keys / name).write_text(text)
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    assert [status(stack, gateway, key) for _ in range(2)] == [200, 429]


def test_a_key_counts_from_the_moment_it_is_added_and_no_stream_is_cut_when_it_is_revoked(
    stack: GatewayStack, gateway: Haproxy
) -> None:
    key, record = new_key("team", now=NOW)
    [replica] = stack.replicas.all
    assert status(stack, gateway, key) == 401
    with gateway.administration() as admin:
        admin.add_key(record)
        assert admin.key_ids() == {"tester", "team"}
        assert status(stack, gateway, key) == 200
        replica.hold()
        stack.key = key
        with reading(stack, gateway, chat()) as (_, lines):
            admin.remove_key(record)
            assert status(stack, gateway, key) == 401
            replica.release()
            assert whole(lines)


def test_a_limit_can_be_given_changed_and_taken_away(stack: GatewayStack, gateway: Haproxy) -> None:
    key, record = new_key("team", 1, now=NOW)
    _, other = new_key("team", 3, now=NOW)
    with gateway.administration() as admin:
        admin.add_key(record)
        assert [status(stack, gateway, key) for _ in range(2)] == [200, 429]
        admin.add_key(type(record)(**{**vars(record), "requests_per_minute": other.requests_per_minute}))
        assert [status(stack, gateway, key) for _ in range(3)] == [200, 200, 429]
        admin.add_key(type(record)(**{**vars(record), "requests_per_minute": None}))
        assert status(stack, gateway, key) == 200


def test_removing_a_key_twice_is_no_error(gateway: Haproxy) -> None:
    _, record = new_key("team", now=NOW)
    with gateway.administration() as admin:
        admin.add_key(record)
        admin.remove_key(record)
        admin.remove_key(record)
        assert admin.key_ids() == {"tester"}


def test_the_state_of_models_and_replicas_can_be_asked(stack: GatewayStack, gateway: Haproxy) -> None:
    [replica] = stack.replicas.all
    replica.hold()
    with gateway.administration() as admin, reading(stack, gateway, chat()):
        [model] = admin.models()
        assert (model.model, model.ready, model.working, model.waiting) == ("a", 1, 1, 0)
        [server] = admin.servers()
        assert (server.model, server.address, server.up, server.working) == ("a", replica.address, True, 1)
        assert admin.information()["Version"].startswith("2.") or admin.information()["Version"] > "3"


def test_what_the_gateway_refuses_is_an_error_without_the_keys_hash(gateway: Haproxy) -> None:
    _, record = new_key("team", now=NOW)
    with gateway.connection() as connection:
        elsewhere = Administration(connection, "/no/such/directory")
        with pytest.raises(GatewayError, match="Unknown map identifier") as refused:
            elsewhere.add_key(record)
    assert record.sha256 not in str(refused.value)


def test_where_no_gateway_listens_that_is_said(gateway: Haproxy) -> None:
    gateway.stop()
    with pytest.raises(GatewayError, match="no gateway's administration answers"), gateway.administration():
        pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(gateway.url)
