"""A conversation comes back to the replica that has its prefix, as long as that has room."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from drivers.callers import callers
from drivers.eventually import eventually
from drivers.gateway_stack import GatewayStack, chat
from drivers.haproxy import Haproxy

SYSTEM = "You are the assistant of a firm that makes clocks. " * 40  # 2 KB that all conversations share


def turns(number: int, count: int, words: int = 20) -> dict[str, Any]:
    """A conversation's request at its `count`-th turn: the same beginning, more and more behind it."""
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": f"I have question {number}."}]
    for turn in range(count):
        messages += [{"role": "assistant", "content": "word " * words}, {"role": "user", "content": f"And {turn}?"}]
    return {"model": "org/a", "messages": messages}


def where(stack: GatewayStack, gateway: Haproxy, body: Any, path: str = "/v1/chat/completions", **other: Any) -> str:
    answer = stack.post(gateway, body, path, **other)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["replica"])


@pytest.fixture
def gateway(stack: GatewayStack) -> Haproxy:
    """With three replicas of eight slots that work for a tenth of a second."""
    stack.model("a", stack.replicas.more(3), slots=8)
    return stack.gateway(requests_per_minute=100_000)


def test_below_seventy_percent_of_the_load_follow_ups_find_their_prefix(stack: GatewayStack, gateway: Haproxy) -> None:
    """40 conversations of 6 turns, prompts of 2 to 64 KB, 16 of 24 slots in use."""
    stack.replicas.behaviour.seconds = 0.1
    gateway.has_replicas("a", 3)

    def converse(number: int) -> list[str]:
        return [where(stack, gateway, turns(number, count, words=2_400)) for count in range(6)]

    with callers(stack, most=16) as clients:
        visited = clients.each(converse, range(40))
    follow_ups = [replica == places[0] for places in visited for replica in places[1:]]
    assert sum(follow_ups) / len(follow_ups) >= 0.9
    rows = gateway.log_of(240)
    assert {row["affinity"] for row in rows} == {"prefix"}
    assert max(row["request_bytes"] for row in rows) > 60_000


def test_the_session_header_wins_over_the_prompt(stack: GatewayStack, gateway: Haproxy) -> None:
    gateway.has_replicas("a", 3)
    for session in "abc":
        header = {"X-Session-Id": session}
        places = {where(stack, gateway, chat(text=f"{number}"), headers=header) for number in range(6)}
        assert len(places) == 1
    assert {row["affinity"] for row in gateway.log_of(18)} == {"session"}


@pytest.mark.parametrize(
    ("path", "body"),
    [("/generate", {"inputs": "Once"}), ("/v1/completions", {"prompt": "Once"})],
    ids=["tgi", "openai"],
)
def test_a_prompt_without_turns_is_its_own_key(
    stack: GatewayStack, gateway: Haproxy, path: str, body: dict[str, str]
) -> None:
    gateway.has_replicas("a", 3)
    assert len({where(stack, gateway, body, path) for _ in range(6)}) == 1
    many = [{name: f"{text} {number}" for name, text in body.items()} for number in range(30)]
    assert len({where(stack, gateway, one, path) for one in many}) == 3


def test_a_body_too_large_for_the_key_goes_where_there_is_room_and_the_log_says_so(
    stack: GatewayStack, gateway: Haproxy
) -> None:
    gateway.has_replicas("a", 3)
    for replica in stack.replicas.all:
        replica.hold()
    with callers(stack) as clients:
        calls = clients.all(gateway, [chat(text="x" * 140_000) for _ in range(12)])
        gateway.works_on("a", 12)
        assert [replica.working for replica in stack.replicas.all] == [4, 4, 4]
        for replica in stack.replicas.all:
            replica.release()
        assert [call.result().status_code for call in calls] == [200] * 12
    assert {row["affinity"] for row in gateway.log_of(12)} == {"large"}


def sessions(stack: GatewayStack, gateway: Haproxy, count: int = 120) -> dict[str, str]:
    keys = [f"session {number}" for number in range(count)]
    return {key: where(stack, gateway, chat(), headers={"X-Session-Id": key}) for key in keys}


def test_a_replica_that_leaves_or_comes_moves_only_its_own_share(stack: GatewayStack, gateway: Haproxy) -> None:
    gateway.has_replicas("a", 3)
    before = sessions(stack, gateway)
    gone = stack.replicas.all[1]
    stack.ready("a", [replica for replica in stack.replicas.all if replica is not gone])
    gateway.has_replicas("a", 2)
    after = sessions(stack, gateway)
    assert {key for key in before if before[key] != after[key]} == {
        key for key in before if before[key] == gone.address
    }
    stack.ready("a", stack.replicas.all)
    gateway.has_replicas("a", 3)
    assert sessions(stack, gateway) == before, "its conversations come back with it"


def test_keys_spread_over_the_replicas(stack: GatewayStack, gateway: Haproxy) -> None:
    gateway.has_replicas("a", 3)
    shares = Counter(sessions(stack, gateway, 300).values())
    # A fair draw of 300 over 3 is within 70 and 130 but once in 5,000 times; the keys are fixed, so it is no draw here.
    assert all(70 <= share <= 130 for share in shares.values()), shares


def test_two_gateways_agree_without_talking(stack: GatewayStack, gateway: Haproxy) -> None:
    gateway.has_replicas("a", 3)
    stack.ready("a", list(reversed(stack.replicas.all)))
    other = stack.gateway(requests_per_minute=100_000)
    other.has_replicas("a", 3)
    assert sessions(stack, gateway, 40) == sessions(stack, other, 40)


def test_two_gateways_hold_half_the_slots_of_each_replica(stack: GatewayStack) -> None:
    stack.model("a", stack.replicas.more(), slots=6)
    [replica] = stack.replicas.all
    two = [stack.gateway(gateways=2) for _ in range(2)]
    replica.hold()
    with callers(stack) as clients:
        calls = [call for gateway in two for call in clients.all(gateway, [chat() for _ in range(5)])]
        for gateway in two:
            gateway.works_on("a", 3)
            gateway.queues("a", 2)
        assert replica.working == 6
        replica.release()
        assert [call.result().status_code for call in calls] == [200] * 10


@pytest.fixture
def two_gateways(stack: GatewayStack) -> list[Haproxy]:
    """With three replicas of eight slots: four of each replica are one gateway's, twelve in sum."""
    stack.model("a", stack.replicas.more(3), slots=8)
    gateways = [stack.gateway(gateways=2, requests_per_minute=100_000) for _ in range(2)]
    for gateway in gateways:
        gateway.has_replicas("a", 3)
    return gateways


def most_and_least(stack: GatewayStack) -> tuple[int, int]:
    working = [replica.working for replica in stack.replicas.all]
    return max(working), min(working)


def test_a_gateway_with_slots_left_lends_them_to_the_favourite(
    stack: GatewayStack, two_gateways: list[Haproxy]
) -> None:
    for replica in stack.replicas.all:
        replica.hold()
    with callers(stack) as clients:
        calls = clients.all(two_gateways[0], [chat() for _ in range(8)])
        two_gateways[0].works_on("a", 8)
        assert most_and_least(stack) == (8, 0), "all of one conversation, and all of the favourite's slots"
        calls += clients.all(two_gateways[0], [chat()])
        two_gateways[0].works_on("a", 9)
        assert most_and_least(stack) == (8, 0), "the ninth goes elsewhere: the engine would have to queue it"
        for replica in stack.replicas.all:
            replica.release()
        assert [call.result().status_code for call in calls] == [200] * 9


def test_near_full_load_nothing_is_lent_and_every_replica_gets_its_part(
    stack: GatewayStack, two_gateways: list[Haproxy]
) -> None:
    for replica in stack.replicas.all:
        replica.hold()
    with callers(stack) as clients:
        calls = clients.all(two_gateways[0], [chat() for _ in range(16)])
        eventually(lambda: sum(replica.working for replica in stack.replicas.all) >= 16)
        two_gateways[0].works_on("a", 16)
        calls += clients.all(two_gateways[0], [chat() for _ in range(2)])
        two_gateways[0].queues("a", 2)
        assert [replica.working for replica in stack.replicas.all].count(4) == 2
        for replica in stack.replicas.all:
            replica.release()
        assert [call.result().status_code for call in calls] == [200] * 18
