"""Room for one replica more, and the sentence where there is none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.engines.container import Resources
from llmctl.serving.manifests.surge import NodeRoom, Surge, decide

GPU = "nvidia.com/gpu"


def needs(gpus: int, resource: str | None = GPU) -> Resources:
    return Resources(gpu_resource=resource, gpus=gpus, cpus=1, memory=1, disk=1)


def node(free: int, resource: str = GPU, **labels: str) -> NodeRoom:
    return NodeRoom(name=f"node-{free}", labels=labels, free={resource: free})


def decided(*nodes: NodeRoom, gpus: int = 1, replicas: int = 1, selector: dict[str, str] | None = None) -> Surge:
    return decide("chat", needs(gpus), selector or {}, nodes, replicas=replicas, away_seconds=300)


def test_a_free_gpu_on_one_node_is_enough() -> None:
    assert decided(node(0), node(1)) == Surge(possible=True, sentence="")


def test_without_one_the_only_replica_goes_first_and_how_long_that_takes_is_said() -> None:
    lost = decided(node(0))
    assert not lost.possible
    assert lost.sentence == "an update of chat takes it away for up to 300 s: no spare nvidia.com/gpu"


def test_of_several_replicas_one_at_a_time_is_away() -> None:
    sentence = decided(node(0), replicas=3).sentence
    assert sentence == "an update of chat runs with 2 of 3 replicas, one by one: no spare nvidia.com/gpu"


def test_gpus_of_two_nodes_do_not_make_one_replica() -> None:
    lost = decided(node(3), node(3), gpus=4)
    assert lost.sentence == "an update of chat takes it away for up to 300 s: no node has 4 spare nvidia.com/gpu"


def test_nodes_that_the_model_may_not_use_and_other_devices_do_not_count() -> None:
    assert not decided(node(8, zone="a"), selector={"zone": "b"}).possible
    assert not decided(node(8, resource="amd.com/gpu")).possible


def test_on_processors_there_is_always_room() -> None:
    assert decide("chat", needs(0, None), {}, [], replicas=1, away_seconds=300).possible


@given(st.lists(st.integers(0, 8)), st.integers(0, 8), st.integers(1, 8))
def test_one_node_more_never_takes_room_away(free: list[int], more: int, gpus: int) -> None:
    before = decided(*map(node, free), gpus=gpus)
    assert decided(*map(node, [*free, more]), gpus=gpus).possible >= before.possible


@given(st.lists(st.integers(0, 8)), st.integers(1, 7))
def test_who_has_room_for_a_large_replica_has_it_for_a_small_one(free: list[int], gpus: int) -> None:
    nodes = [*map(node, free)]
    assert decided(*nodes, gpus=gpus).possible >= decided(*nodes, gpus=gpus + 1).possible


@given(st.lists(st.integers(0, 8)), st.integers(1, 8))
def test_a_sentence_is_said_exactly_where_there_is_no_room(free: list[int], gpus: int) -> None:
    made = decided(*map(node, free), gpus=gpus)
    assert made.possible is (made.sentence == "")
