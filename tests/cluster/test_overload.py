"""Twice the load that the replicas can hold: what fits is answered as fast as before, the rest is told to come back."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from drivers.cluster.cluster import Cluster
from drivers.gateway_state import Watch, access_log, addresses, watching
from drivers.load import Answered, Target, a_second, at_a_time
from drivers.stack_in_cluster import StackInCluster, a_model, stack_in

REPLICAS, GATEWAYS, SLOTS = 2, 2, 4
PART = SLOTS // GATEWAYS
"""Slots of one replica that one gateway holds."""

QUEUE_SECONDS, QUEUE_LENGTH = 5, 12
"""All of the queue is more than can be taken out of it in that time, so both bounds are met."""

TOKENS = 64
ROUNDS, MEASURED_S, SETTLE_S = 4, 12, 4
LATE_S = 2.0
"""On its way from the gateway to the client of a busy machine."""


@dataclass(frozen=True)
class Rates:
    """Tokens a second of one round, first with as many requests as slots, then with twice what those came to."""

    peak: float
    overload: float


@dataclass(frozen=True)
class Outcome:
    rates: list[Rates]
    answers: list[Answered]
    """Under overload."""

    watch: Watch
    log: list[dict[str, object]]


@pytest.fixture(scope="module")
def outcome(cluster: Cluster, packed_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    """Peak and overload in turns, so that what else the machine does meets both."""
    with stack_in(cluster, tmp_path_factory.mktemp("user"), "overload") as stack:
        bounds = {"queueSeconds": QUEUE_SECONDS, "queueLength": QUEUE_LENGTH, "requestsPerMinute": 1_000_000}
        stack.has({"small": a_model(maxBatchSize=SLOTS, replicas=REPLICAS)}, gateway={"replicas": GATEWAYS, **bounds})
        stack.is_up()
        yield measured(stack)


def measured(stack: StackInCluster) -> Outcome:
    service = Target(stack.url().removeprefix("http://"), stack.key(), "small", TOKENS)
    # As many as there are slots, and each gateway with its part of them: through the Service one would have more.
    full = [replace(service, address=address) for address in addresses(stack) for _ in range(REPLICAS * PART)]
    rates, answers, watch = list[Rates](), list[Answered](), Watch()
    for _ in range(ROUNDS):
        with at_a_time(full) as load:
            load.during(SETTLE_S)
            within = load.during(MEASURED_S)
        assert all(answer.whole for answer in load.answers)
        peak = load.tokens(within) / MEASURED_S
        mean = statistics.mean(len(answer.tokens) for answer in load.answers)
        with a_second(2 * peak / mean, service) as load:
            load.during(SETTLE_S)
            with watching(stack, "small") as seen:
                within = load.during(MEASURED_S)
        rates.append(Rates(peak, load.tokens(within) / MEASURED_S))
        answers += load.answers
        for pod, moments in seen.moments.items():
            watch.moments.setdefault(pod, []).extend(moments)
    return Outcome(rates, answers, watch, access_log(stack))


def test_what_fits_is_answered_whole_and_the_rest_is_told_when_to_come_back(outcome: Outcome) -> None:
    refused = [answer for answer in outcome.answers if answer.status == 429]
    assert all(answer.whole for answer in outcome.answers if answer.status != 429)
    assert {answer.retry_after for answer in refused} == {str(QUEUE_SECONDS)}
    assert len(refused) >= len(outcome.answers) / 4, "half of it is more than the replicas can hold"
    assert {row["status"] for row in outcome.log} == {200, 429}


def test_the_queue_bounds_the_wait(outcome: Outcome) -> None:
    refused = [answer.ended - answer.began for answer in outcome.answers if answer.status == 429]
    assert max(refused) <= QUEUE_SECONDS + LATE_S
    assert max(float(str(row["queue_ms"])) for row in outcome.log) <= 1000 * (QUEUE_SECONDS + LATE_S)
    assert max(int(str(row["queued_before"])) for row in outcome.log) <= QUEUE_LENGTH // GATEWAYS


def test_throughput_stays_at_the_peak(outcome: Outcome) -> None:
    """The median of the rounds, each of which compares the same replicas on the same cores within a minute."""
    assert statistics.median(rates.overload / rates.peak for rates in outcome.rates) >= 0.9, outcome.rates


def test_no_slot_is_idle_while_a_request_waits(outcome: Outcome) -> None:
    """Of each gateway by itself: its queue, and its part of every replica's slots."""
    for pod, moments in outcome.watch.moments.items():
        waiting = [moment for moment in moments if moment.waiting]
        assert len(waiting) >= len(moments) / 2 > ROUNDS, f"{pod} was not overloaded"
        assert [moment for moment in waiting if moment.idle(PART) > 0] == [], pod
        at_once = [moment for moment in waiting if moment.on_their_way == 0]
        assert len(at_once) >= len(waiting) / 2, f"of {pod} all slots were seen to be taken, not only on their way"
