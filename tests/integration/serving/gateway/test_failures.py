"""Replicas that die, and clients that dawdle."""

from __future__ import annotations

import socket
import time

import httpx
import pytest
from doubles.replicas import Replica
from drivers.callers import callers, reading, whole
from drivers.eventually import PATIENCE_S, eventually
from drivers.gateway_stack import CHAT, GatewayStack, chat
from drivers.haproxy import Haproxy


def ready(gateway: Haproxy, count: int) -> None:
    eventually(lambda: gateway.metric("haproxy_backend_active_servers", "model-a") == count, f"{count} replicas ready")


@pytest.fixture
def three(stack: GatewayStack) -> list[Replica]:
    replicas = stack.replicas.more(3)
    stack.model("a", replicas)
    return replicas


def test_a_request_goes_to_another_replica_when_its_own_refuses_the_connection(
    stack: GatewayStack, three: list[Replica]
) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    three[0].terminate()
    three[1].terminate()
    answers = [stack.post(gateway, chat(text=str(number))) for number in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 12
    assert {answer.json()["replica"] for answer in answers} == {three[2].address}


def test_a_request_goes_to_another_replica_when_its_own_dies_before_the_first_byte(
    stack: GatewayStack, three: list[Replica]
) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    for replica in three:
        replica.dies_at(1)
    answer = stack.post(gateway, chat())
    assert answer.status_code == 200
    assert gateway.log_of(1)[0]["retries"].startswith("+"), "it was tried elsewhere"


def test_a_body_is_sent_again_whole(stack: GatewayStack, three: list[Replica]) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    for replica in three:
        replica.dies_at(1)
    body = chat(text="x" * 120_000)
    assert stack.post(gateway, body).status_code == 200
    assert len({seen.body for replica in three for seen in replica.requests}) == 1


def test_a_larger_body_finds_another_replica_too_when_the_connection_is_refused(
    stack: GatewayStack, three: list[Replica]
) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    three[0].terminate()
    three[1].terminate()
    answers = [stack.post(gateway, chat(text="x" * 1_900_000)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4


def test_where_every_replica_fails_the_client_is_told_to_come_back(stack: GatewayStack, three: list[Replica]) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    for replica in three:
        replica.terminate()
    answer = stack.post(gateway, chat())
    assert answer.status_code == 429
    assert "retry-after" in answer.headers


def test_a_replica_killed_in_mid_stream_breaks_that_stream_visibly_and_no_other(
    stack: GatewayStack, three: list[Replica]
) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    for replica in three:
        replica.hold()
    with callers(stack), reading(stack, gateway, chat(text="one")) as (_, first):
        victim = next(replica for replica in three if replica.working)
        others = iter(str(number) for number in range(100))
        text = next(text for text in others if _favourite(stack, gateway, three, text) is not victim)
        with reading(stack, gateway, chat(text=text)) as (_, second):
            victim.kill()
            with pytest.raises(httpx.RemoteProtocolError):
                whole(first)
            for replica in three:
                replica.release()
            assert whole(second)
    rows = [row for row in gateway.log_of(2) if row["end"] != "--"]
    assert rows[0]["end"] == "SD", "the log says that the server broke it off"


def _favourite(stack: GatewayStack, gateway: Haproxy, replicas: list[Replica], text: str) -> Replica:
    """Who has this conversation, seen from where its first request went."""
    before = {replica: len(replica.requests) for replica in replicas}
    with reading(stack, gateway, chat(text=text)):
        return next(replica for replica in replicas if len(replica.requests) > before[replica])


def test_a_replica_on_its_way_out_finishes_its_streams_and_gets_no_new_requests(
    stack: GatewayStack, three: list[Replica]
) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    for replica in three:
        replica.hold()
    with reading(stack, gateway, chat()) as (_, lines):
        leaving = next(replica for replica in three if replica.working)
        stack.ready("a", [replica for replica in three if replica is not leaving])
        ready(gateway, 2)
        for replica in three:
            replica.release()
        answers = [stack.post(gateway, chat()).json()["replica"] for _ in range(4)]
        assert leaving.address not in answers
        leaving.terminate()
        assert whole(lines)


def test_a_replica_that_comes_is_used(stack: GatewayStack) -> None:
    first, second = stack.replicas.more(2)
    stack.model("a", [first], slots=1)
    gateway = stack.gateway()
    stack.ready("a", [first, second])
    ready(gateway, 2)
    first.hold()
    second.hold()
    with callers(stack) as clients:
        calls = clients.all(gateway, [chat(), chat()])
        eventually(lambda: first.working == second.working == 1, "both work")
        first.release()
        second.release()
        assert [call.result().status_code for call in calls] == [200, 200]


def test_the_replicas_stay_when_dns_is_away(stack: GatewayStack, three: list[Replica]) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    stack.dns.falls_silent()
    eventually(lambda: stack.dns.unanswered > 8, "it was asked in vain")
    assert gateway.metric("haproxy_backend_active_servers", "model-a") == 3
    assert stack.post(gateway, chat()).status_code == 200


def test_the_last_replica_is_gone_soon_after_its_name(stack: GatewayStack, three: list[Replica]) -> None:
    gateway = stack.gateway()
    ready(gateway, 3)
    stack.dns.loses("a.stack.test")
    ready(gateway, 0)
    assert stack.post(gateway, chat()).status_code == 429


# --- slow clients -----------------------------------------------------------------------------------------------------


def answered(connection: socket.socket) -> bytes:
    """What comes until the gateway ends the connection."""
    received = b""
    while data := connection.recv(65_536):
        received += data
    return received


def test_a_client_that_dawdles_over_its_header_is_cut(stack: GatewayStack, three: list[Replica]) -> None:
    gateway = stack.gateway(client_seconds=1)
    with socket.create_connection(("127.0.0.1", gateway.spec.port), timeout=PATIENCE_S) as connection:
        connection.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n")
        assert answered(connection).startswith(b"HTTP/1.1 408 ")


def test_a_client_that_drips_its_body_is_cut_and_never_held_a_slot(stack: GatewayStack, three: list[Replica]) -> None:
    gateway = stack.gateway(client_seconds=1)
    head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.key}\r\nContent-Length: 1000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", gateway.spec.port), timeout=PATIENCE_S) as connection:
        connection.sendall(head.encode())
        connection.settimeout(0.05)
        assert dripped(connection).startswith(b"HTTP/1.1 408 ")
    assert [replica.requests for replica in three] == [[], [], []]


def dripped(connection: socket.socket) -> bytes:
    """Sends byte after byte, never idle for long, until there is an answer."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        connection.sendall(b" ")
        try:
            return connection.recv(65_536)
        except TimeoutError:
            continue
    raise AssertionError("the gateway goes on waiting")


def test_a_client_that_does_not_take_its_stream_is_cut(stack: GatewayStack, three: list[Replica]) -> None:
    stack.replicas.behaviour.events = 400_000
    gateway = stack.gateway(client_seconds=1)
    body = b'{"stream": true, "model": "org/a"}'
    head = (
        f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {stack.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway.spec.port), timeout=PATIENCE_S) as connection:
        connection.sendall(head.encode() + body)
        [row] = gateway.log_of(1)
    assert row["end"] == "cD", "the client's time was up while data was sent"


def test_a_silent_engine_is_not_mistaken_for_a_slow_client(stack: GatewayStack, three: list[Replica]) -> None:
    stack.replicas.behaviour.seconds, stack.replicas.behaviour.events = 3, 2
    gateway = stack.gateway(client_seconds=1)
    assert stack.post(gateway, chat()).status_code == 200
    with reading(stack, gateway, chat()) as (_, lines):
        assert whole(lines)


def test_an_engine_that_says_nothing_for_too_long_is_a_504(stack: GatewayStack, three: list[Replica]) -> None:
    gateway = stack.gateway(answer_seconds=1)
    for replica in three:
        replica.hold()
    answer = stack.post(gateway, chat())
    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "replica_silent"
    for replica in three:
        replica.release()
