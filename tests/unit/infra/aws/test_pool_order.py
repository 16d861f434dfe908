from __future__ import annotations

import pytest

from llmctl.infra.aws.pool_order import Demand, normal, pools
from llmctl.infra.aws_settings import NodePoolSettings
from llmctl.infra.errors import SettingsError
from llmctl.serving.hardware.machine_types import machine_types

GIB = 1024**3


def demand(accelerators: str = "l4:1", *, memory: int = 13 * GIB, replicas: int = 2, cpus: float = 3.0) -> Demand:
    return Demand(accelerators=accelerators, replicas=replicas, memory=memory, disk=45 * GIB, cpus=cpus)


def written(*machine: str) -> NodePoolSettings:
    return NodePoolSettings.model_validate({"capacity": [{"machineType": each} for each in machine]})


def test_a_pool_that_nobody_wrote_is_the_cheapest_types_that_fit_on_demand() -> None:
    found = pools({}, [demand()], machine_types(), "us-east-1")
    (pool,) = found.pools
    assert [(each.machine_type, each.kind) for each in pool.ways] == [
        ("g6.xlarge", "on-demand"),
        ("g6.2xlarge", "on-demand"),
        ("g6.4xlarge", "on-demand"),
    ]
    assert found.choices == (
        "l4:1 runs on g6.xlarge, then g6.2xlarge, then g6.4xlarge, on demand: the cheapest in us-east-1 that fit",
    )


def test_a_replica_that_needs_more_memory_or_cores_skips_the_small_types() -> None:
    for large in (demand(memory=20 * GIB), demand(cpus=6)):
        (pool,) = pools({}, [demand(), large], machine_types(), "us-east-1").pools
        assert pool.ways[0].machine_type == "g6.2xlarge"


def test_two_gpus_come_from_a_machine_with_four_where_there_is_none_with_two() -> None:
    (pool,) = pools({}, [demand("l4:2")], machine_types(), "us-east-1").pools
    assert pool.ways[0].machine_type == "g6.12xlarge"


def test_a_pool_has_room_for_all_replicas_of_all_its_models() -> None:
    (pool,) = pools({}, [demand(replicas=5), demand(replicas=6)], machine_types(), "us-east-1").pools
    assert pool.max_nodes == 11


def test_what_is_written_is_kept_in_its_order_and_nothing_is_chosen() -> None:
    found = pools({"L4": written("g6.4xlarge", "g6.xlarge")}, [demand()], machine_types(), "us-east-1")
    (pool,) = found.pools
    assert (pool.accelerators, [each.machine_type for each in pool.ways]) == ("l4:1", ["g6.4xlarge", "g6.xlarge"])
    assert found.choices == ()


@pytest.mark.parametrize(
    ("key", "machines", "said"),
    [
        ("l4:1", ["g5.xlarge"], "g5.xlarge has a10g, not l4"),
        ("l4:2", ["g6.xlarge"], "g6.xlarge has 1 GPUs, and l4:2 needs 2"),
        ("l4:1", ["g6.xlarge", "g6.xlarge"], "written twice"),
        ("l4:1", ["m7i.large"], "knows the GPUs of"),
        ("inferentia2:1", ["inf2.xlarge"], "NVIDIA's GPUs only"),
        ("cpu", ["g6.xlarge"], "leaves idle"),
        ("l4:0", ["g6.xlarge"], "'l4:0' is no pool"),
    ],
)
def test_a_pool_that_cannot_work_is_refused(key: str, machines: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        pools({key: written(*machines)}, [], machine_types(), "us-east-1")


@pytest.mark.parametrize(
    ("asked", "region", "said"),
    [
        (demand("cpu"), "us-east-1", "nodePools: {cpu:"),
        (demand("h200:8"), "af-south-1", "no machine type with h200:8 .* It is in .*us-east"),
        (demand("l4:9"), "us-east-1", "AWS has no such machine type"),
    ],
)
def test_what_nothing_is_known_to_fit_is_refused_with_a_way_out(asked: Demand, region: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        pools({}, [asked], machine_types(), region)


def test_accelerators_are_spelt_as_in_stack_files() -> None:
    assert [normal(each) for each in ("L4", "nvidia-l4:2", "cpu")] == ["l4:1", "l4:2", "cpu"]
