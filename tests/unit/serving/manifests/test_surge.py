"""Room for one replica more, and the sentence where there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.engines.container import Resources
from llmctl.serving.manifests.surge import GIB, Need, NodeRoom, beside, lacking, possible, sentence

GPU = "nvidia.com/gpu"


def need(gpus: int = 1, replicas: int = 1, resource: str | None = GPU, cpus: float = 1, **selector: str) -> Need:
    resources = Resources(gpu_resource=resource, gpus=gpus, cpus=cpus, memory=GIB, disk=1)
    return Need(replicas=replicas, resources=resources, node_selector=selector)


def node(gpus: int, cores: int = 64, memory: int = 64 * GIB, resource: str = GPU, **labels: str) -> NodeRoom:
    free = {resource: gpus, "cpu": 1000 * cores, "memory": memory}
    return NodeRoom(name=f"node-{gpus}", labels=labels, free=free)


def room(asked: Need, *nodes: NodeRoom) -> bool:
    return possible(asked, beside([asked], nodes))


@pytest.mark.parametrize(
    ("asked", "nodes", "there_is"),
    [
        (need(), [node(1)], False),
        (need(), [node(2)], True),
        (need(), [node(1), node(1)], True),
        (need(gpus=4), [node(4), node(3)], False),
        (need(gpus=4), [node(8)], True),
        (need(zone="a"), [node(1, zone="a"), node(8, zone="b")], False),
        (need(), [node(8, resource="amd.com/gpu")], False),
        (need(gpus=0, resource=None), [node(0, cores=1)], False),
        (need(gpus=0, resource=None), [node(0, cores=1), node(0, cores=1)], True),
        (need(gpus=0, resource=None), [node(0, memory=GIB)], False),
        (need(gpus=0, resource=None, replicas=0), [node(0, cores=1)], True),
        (need(), [], False),
    ],
)
def test_there_is_room_where_a_node_holds_one_more_than_all_replicas(
    asked: Need, nodes: list[NodeRoom], there_is: bool
) -> None:
    assert room(asked, *nodes) is there_is


def test_the_other_models_of_the_stack_take_their_place_first() -> None:
    chat, code = need(), need(replicas=2)
    assert not possible(chat, beside([chat, code], [node(3)]))
    assert possible(chat, beside([chat, code], [node(4)]))


def test_a_replica_that_lies_nowhere_takes_nothing_from_the_others() -> None:
    small, too_wide = need(), need(gpus=8)
    assert possible(small, beside([small, too_wide], [node(2)]))


@pytest.mark.parametrize(
    ("replicas", "said"),
    [
        (1, "an update of chat takes it away for up to 300 s: no node has room for one more"),
        (3, "an update of chat runs with 2 of 3 replicas, one by one: no node has room for one more"),
    ],
)
def test_what_an_update_costs_is_said(replicas: int, said: str) -> None:
    assert sentence("chat", need().resources, replicas, 300) == f"{said} (1 nvidia.com/gpu, 1 core, 1.0 GiB)"


@given(st.lists(st.integers(0, 8)), st.integers(0, 8), st.integers(1, 8))
def test_one_node_more_never_takes_room_away(free: list[int], more: int, gpus: int) -> None:
    asked = need(gpus=gpus)
    assert room(asked, *map(node, [*free, more])) >= room(asked, *map(node, free))


@given(st.lists(st.integers(0, 8)), st.integers(1, 8), st.integers(0, 4))
def test_who_has_room_beside_many_replicas_has_it_beside_fewer(free: list[int], gpus: int, replicas: int) -> None:
    nodes = [*map(node, free)]
    fewer, more = need(gpus=gpus, replicas=replicas), need(gpus=gpus, replicas=replicas + 1)
    assert room(fewer, *nodes) >= room(more, *nodes)


@pytest.mark.parametrize(
    ("asked", "nodes", "said"),
    [
        (
            need(gpus=2),
            [node(1), node(1)],
            "no node has 2 free nvidia.com/gpu: code starts only if one comes within 60 s",
        ),
        (need(), [], "no node has 1 free nvidia.com/gpu: code starts only if one comes within 60 s"),
        (need(), [node(1)], None),
        (need(gpus=0, resource=None), [], None),
    ],
)
def test_a_gpu_that_is_not_there_is_said_before_it_is_waited_for(
    asked: Need, nodes: list[NodeRoom], said: str | None
) -> None:
    assert lacking("code", asked, 60, nodes) == said
