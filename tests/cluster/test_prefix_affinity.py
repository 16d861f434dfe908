"""Follow-ups of a conversation go to the replica that has its prefix, through two gateways that do not talk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drivers.cluster.cluster import Cluster
from drivers.conversations import Talk, Visited, converse
from drivers.packed_images import FIXED_SECONDS, FIXED_SERVER
from drivers.stack_in_cluster import a_model, stack_in

REPLICAS, SLOTS = 3, 16
LOAD = 0.65


@pytest.fixture(scope="module")
def talk(cluster: Cluster, packed_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with stack_in(cluster, tmp_path_factory.mktemp("user"), "affinity") as stack:
        model = a_model(maxBatchSize=SLOTS, replicas=REPLICAS)
        stack.has({"small": model}, image=FIXED_SERVER, gateway={"replicas": 2, "requestsPerMinute": 1_000_000})
        stack.is_up()
        address = stack.url().removeprefix("http://")
        yield Talk(address, stack.key(), "small", REPLICAS * SLOTS, FIXED_SECONDS, LOAD)


@pytest.fixture(scope="module")
def visited(talk: Talk) -> Visited:
    return converse(talk)


def test_nine_of_ten_follow_ups_are_on_the_replica_that_has_the_prefix(talk: Talk, visited: Visited) -> None:
    assert visited.statuses == {200: talk.conversations * talk.turns}
    assert (talk.conversations >= 40, visited.largest > 60_000) == (True, True)
    assert visited.load(talk) < 0.7
    assert visited.on_the_last() >= 0.9, visited
    assert visited.on_the_first() >= 0.9, visited


def test_all_replicas_have_conversations(visited: Visited) -> None:
    assert len({replica for each in visited.replicas for replica in each}) == REPLICAS
