"""Waiting: how long, how many, in which order, and what those hear who may not wait."""

from __future__ import annotations

import pytest
from drivers.callers import callers
from drivers.eventually import eventually
from drivers.gateway_stack import STARTUP_SECONDS, GatewayStack, chat
from drivers.haproxy import Haproxy


def waiting(gateway: Haproxy, model: str = "a") -> float:
    return gateway.metric("haproxy_backend_current_queue", f"model-{model}")


def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(stack: GatewayStack) -> None:
    replica = stack.replicas.one()
    stack.model("a", [replica], slots=1)
    gateway = stack.gateway(queue_length=2)
    replica.hold()
    with callers(stack) as clients:
        inside = clients.all(gateway, [chat(text=str(number)) for number in range(3)])
        eventually(lambda: waiting(gateway) == 2, "two wait")
        refused = stack.post(gateway, chat())
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "30"
        assert refused.json()["error"]["code"] == "queue_full"
        replica.release()
        assert [call.result().status_code for call in inside] == [200, 200, 200]


def test_who_waited_too_long_gets_a_429(stack: GatewayStack) -> None:
    replica = stack.replicas.one()
    stack.model("a", [replica], slots=1)
    gateway = stack.gateway(queue_seconds=1)
    replica.hold()
    with callers(stack) as clients:
        working = clients.post(gateway, chat())
        eventually(lambda: replica.working == 1, "the slot is taken")
        refused = stack.post(gateway, chat())
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["error"]["code"] == "queue_timeout"
        replica.release()
        assert working.result().status_code == 200
    assert gateway.log_of(2)[0]["status"] == 429, "the log says what the client got"
    assert gateway.log()[0]["end"] == "sQ"


def test_a_client_that_has_gone_waits_no_longer(stack: GatewayStack) -> None:
    replica = stack.replicas.one()
    stack.model("a", [replica], slots=1)
    gateway = stack.gateway()
    replica.hold()
    with callers(stack) as clients:
        working = clients.post(gateway, chat())
        eventually(lambda: replica.working == 1, "the slot is taken")
        with stack.client(gateway) as client, pytest.raises(Exception, match="timed out"):
            client.post("/v1/chat/completions", json=chat(), timeout=0.3)
        eventually(lambda: waiting(gateway) == 0, "nobody waits")
        replica.release()
        assert working.result().status_code == 200
    assert len(replica.requests) == 1


def test_replicas_that_exist_but_are_not_ready_are_a_429(stack: GatewayStack) -> None:
    stack.model("a")
    stack.known("a", stack.replicas.more())
    gateway = stack.gateway(ready=False)
    gateway.wait_until_ready()
    answer = stack.post(gateway, chat())
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == str(STARTUP_SECONDS)
    assert answer.json()["error"]["code"] == "replicas_not_ready"


def test_between_an_old_replica_and_its_successor_without_an_address_it_is_a_429(stack: GatewayStack) -> None:
    stack.model("a", stack.replicas.more())
    gateway = stack.gateway()
    for name in ("a", "a-known"):
        stack.dns.loses(f"{name}.stack.test")
    eventually(lambda: gateway.metric("haproxy_backend_active_servers", "model-a") == 0, "the old one is gone")
    so_far = stack.dns.answered
    eventually(lambda: stack.dns.answered > so_far + 24, "DNS has said for a dozen seconds that there is none")
    answer = stack.post(gateway, chat())
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "replicas_not_ready")


def test_only_where_no_replica_exists_it_is_a_503(stack: GatewayStack) -> None:
    stack.model("a")
    gateway = stack.gateway(ready=False)
    assert stack.post(gateway, chat()).status_code == 429, "DNS has not answered yet; nobody knows"
    gateway.wait_until_ready()
    answer = stack.post(gateway, chat())
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == str(STARTUP_SECONDS)
    assert answer.json()["error"]["code"] == "no_replicas"


def test_an_unhealthy_replica_gets_no_requests(stack: GatewayStack) -> None:
    well, ill = stack.replicas.more(2)
    ill.healthy = False
    stack.model("a", [well, ill], slots=1)
    gateway = stack.gateway()
    eventually(lambda: gateway.metric("haproxy_backend_active_servers", "model-a") == 1, "one is known to be ill")
    for number in range(8):
        assert stack.post(gateway, chat(text=str(number))).json()["replica"] == well.address


# --- never an idle slot while a request waits -------------------------------------------------------------------------


def test_what_waits_is_taken_by_whichever_slot_gets_free(stack: GatewayStack) -> None:
    replicas = stack.replicas.more(3)
    stack.model("a", replicas, slots=2)
    gateway = stack.gateway()
    for replica in replicas:
        replica.hold()
    with callers(stack) as clients:
        # One conversation, so one favourite: the others take what it has no slot for.
        calls = clients.all(gateway, [chat() for _ in range(10)])
        eventually(lambda: sum(replica.working for replica in replicas) == 6, "all slots work")
        eventually(lambda: waiting(gateway) == 4, "the rest waits")
        replicas[1].release()
        eventually(lambda: waiting(gateway) == 0, "one free replica is enough for all who wait")
        for replica in replicas:
            replica.release()
        assert [call.result().status_code for call in calls] == [200] * 10
    assert [replica.most for replica in replicas] == [2, 2, 2], "never more than its slots"


def test_who_came_first_goes_first(stack: GatewayStack) -> None:
    replica = stack.replicas.one()
    stack.model("a", [replica], slots=1)
    gateway = stack.gateway()
    replica.hold()
    texts = [f"turn {number}" for number in range(12)]
    with callers(stack) as clients:
        calls = []
        for number, text in enumerate(texts):
            calls.append(clients.post(gateway, chat(text=text)))
            eventually(lambda: replica.working + waiting(gateway) == number + 1, "it is inside")  # noqa: B023
        replica.release()
        assert all(call.result().status_code == 200 for call in calls)
    assert [body["messages"][0]["content"] for body in replica.bodies()] == texts


def test_at_twice_the_load_nothing_fails_and_no_replica_has_more_than_its_slots(stack: GatewayStack) -> None:
    replicas = stack.replicas.more(3)
    stack.replicas.behaviour.seconds = 0.1
    stack.model("a", replicas, slots=2)
    gateway = stack.gateway(requests_per_minute=10_000)
    with callers(stack, most=12) as clients:

        def converse(client: int) -> list[int]:
            with stack.client(gateway) as connection:
                bodies = [chat(text=f"{client}") for _ in range(25)]
                return [connection.post("/v1/chat/completions", json=body).status_code for body in bodies]

        statuses = [status for answers in clients.each(converse, range(12)) for status in answers]
    assert statuses == [200] * 300
    assert [replica.most for replica in replicas] == [2, 2, 2]
