from __future__ import annotations

from drivers.stacks import on_gpus, small_model

from llmctl.infra.aws.demands import accelerators_of, demands
from llmctl.infra.aws.pool_order import pools
from llmctl.infra.serving_spec import Placement
from llmctl.serving.hardware.accelerators import accelerator
from llmctl.serving.hardware.machine_types import machine_types
from llmctl.serving.spec import EngineName

ON_L4 = Placement(accelerator=accelerator("l4"), gpus=1, why="on l4:1")
ON_CPU = Placement(accelerator=None, gpus=0, why="on the processor")


def test_a_models_pool_is_named_for_what_its_replicas_run_on() -> None:
    eight = Placement(accelerator=accelerator("H100"), gpus=8, why="on h100:8")
    assert [accelerators_of(each) for each in (ON_L4, eight, ON_CPU)] == ["l4:1", "h100:8", "cpu"]


def test_nodes_are_asked_for_all_replicas_and_the_one_that_replaces_another() -> None:
    model = on_gpus("llama", EngineName.TGI, most=3)
    (asked,) = demands([(ON_L4, model)])
    needs = model.container.resources
    assert (asked.replicas, asked.memory, asked.cpus, asked.disk) == (4, needs.memory, needs.cpus, needs.disk)


def test_models_on_one_accelerator_share_a_pool() -> None:
    asked = demands([(ON_L4, on_gpus("one", EngineName.TGI)), (ON_L4, on_gpus("two", EngineName.VLLM))])
    found = pools({}, asked, machine_types(), "us-east-1")
    assert [pool.accelerators for pool in found.pools] == ["l4:1"]


def test_a_model_on_the_processor_asks_for_processors() -> None:
    (asked,) = demands([(ON_CPU, small_model())])
    assert asked.accelerators == "cpu"
