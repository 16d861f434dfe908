"""The bundled machine types: every row complete, and prices that can be true."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest

from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.hardware.machine_type import Cloud, MachineType
from llmctl.serving.hardware.machine_types import machine_types
from llmctl.serving.hardware.prices import REGION

EVERY = [pytest.param(each, id=f"{each.cloud}-{each.name}") for each in machine_types()]

DOLLARS_PER_GPU_HOUR = {
    "t4": (0.3, 9),
    "l4": (0.5, 7),
    "a10g": (0.8, 8),
    "l40s": (1.5, 14),
    "a100": (2, 8),
    "a100-80gb": (3, 10),
    "a100-80gb-pcie": (3, 9),
    "h100": (6, 24),
    "h100-nvl": (6, 16),
    "h200": (6, 24),
    "b200": (10, 25),
    "b300": (15, 30),
    "rtx-pro-6000": (2.5, 9),
    "mi300x": (5, 15),
    "inferentia2": (0.5, 5),
}

# Of other sources than the bundled ones. GPUs, vCPUs, GiB: kubernetes/autoscaler cluster-autoscaler/cloudprovider/
# aws/ec2_instance_types.go and azure/azure_instance_types.go. Dollars: tsaol/aws-gpu data/g6e_instances.js, and
# cluster-autoscaler/cloudprovider/gce/gce_price_info.go for a2-*.
SECOND_SOURCE = [
    (Cloud.AWS, "g5.xlarge", 1, 4, 16, None, None),
    (Cloud.AWS, "p5.4xlarge", 1, 16, 256, None, None),
    (Cloud.AWS, "g7e.2xlarge", 1, 8, 64, None, None),
    (Cloud.AWS, "p6-b200.48xlarge", 8, 192, 2048, None, None),
    (Cloud.AWS, "g6e.48xlarge", 8, 192, 1536, "us-east-1", 30.13118),
    (Cloud.AWS, "g6e.48xlarge", 8, 192, 1536, "eu-central-1", 37.67612),
    (Cloud.AWS, "g6e.4xlarge", 1, 16, 128, "us-west-2", 3.00424),
    (Cloud.AZURE, "Standard_NC24ads_A100_v4", 1, 24, 220, None, None),
    (Cloud.AZURE, "Standard_NC40ads_H100_v5", 1, 40, 320, None, None),
    (Cloud.AZURE, "Standard_ND96isr_H200_v5", 8, 96, 1850, None, None),
    (Cloud.AZURE, "Standard_ND96isr_MI300X_v5", 8, 96, 1850, None, None),
    (Cloud.GCP, "a2-highgpu-8g", 8, 96, 680, "us-central1", 29.38708),
    (Cloud.GCP, "a2-megagpu-16g", 16, 96, 1360, "us-central1", 55.739504),
    (Cloud.GCP, "a2-ultragpu-8g", 8, 96, 1360, "us-central1", 40.5504),
]

# Those with several GPUs, from the same two files; on GCP the number stands in the name.
SEVERAL_GPUS = {
    2: "g7e.12xlarge Standard_NC48ads_A100_v4 Standard_NC80adis_H100_v5 a2-highgpu-2g a3-highgpu-2g",
    4: "g4dn.12xlarge g5.12xlarge g5.24xlarge g6.12xlarge g6.24xlarge g6e.12xlarge g6e.24xlarge g7e.24xlarge "
    "Standard_NC64as_T4_v3 Standard_NC96ads_A100_v4 a2-highgpu-4g a2-ultragpu-4g a3-highgpu-4g",
    8: "g4dn.metal g5.48xlarge g6.48xlarge g6e.48xlarge g7e.48xlarge p4d.24xlarge p4de.24xlarge p5.48xlarge "
    "p5en.48xlarge p6-b200.48xlarge Standard_ND96asr_v4 Standard_ND96amsr_A100_v4 Standard_ND96isr_H100_v5 "
    "Standard_ND96isr_H200_v5 Standard_ND96isr_MI300X_v5 a2-highgpu-8g a2-ultragpu-8g a3-highgpu-8g",
}


def named(cloud: Cloud, name: str) -> MachineType:
    return next(each for each in machine_types() if (each.cloud, each.name) == (cloud, name))


@pytest.mark.parametrize(("cloud", "name", "gpus", "vcpus", "gib", "region", "dollars"), SECOND_SOURCE)
def test_figures_agree_with_a_second_source(
    cloud: Cloud, name: str, gpus: int, vcpus: float, gib: int, region: str | None, dollars: float | None
) -> None:
    machine = named(cloud, name)
    assert (machine.gpus, machine.vcpus, machine.memory) == (gpus, vcpus, gib * 1024**3)
    if region:
        price = next(price for price in machine.prices if price.region == region)
        assert price.on_demand == pytest.approx(dollars, rel=1e-4)


@pytest.mark.parametrize(("gpus", "names"), SEVERAL_GPUS.items())
def test_gpus_are_counted_as_the_second_source_counts_them(gpus: int, names: str) -> None:
    found = {machine.name: machine.gpus for machine in machine_types()}
    assert {name: found[name] for name in names.split()} == dict.fromkeys(names.split(), gpus)


def test_no_machine_type_is_there_twice() -> None:
    keys = [(machine.cloud, machine.name) for machine in machine_types()]
    assert len(keys) == len(set(keys))


def test_every_accelerator_can_be_had_somewhere() -> None:
    assert {machine.accelerator for machine in machine_types()} == set(accelerators())


@pytest.mark.parametrize("machine", EVERY)
def test_a_row_is_complete(machine: MachineType) -> None:
    assert machine.gpus in {1, 2, 4, 6, 8, 12, 16}
    assert machine.gpus not in {6, 12} or machine.accelerator == "inferentia2"
    assert machine.vcpus >= 4
    assert machine.memory >= 15 * 1024**3
    assert machine.local_storage >= 0
    assert machine.network is None or machine.network > 1e9
    assert machine.source
    assert machine.as_of >= date(2026, 1, 1)


@pytest.mark.parametrize("machine", EVERY)
def test_every_price_has_region_source_and_date(machine: MachineType) -> None:
    assert machine.prices
    for price in machine.prices:
        assert REGION[machine.cloud].fullmatch(price.region)
        assert price.source
        assert price.as_of >= date(2022, 1, 1)
    regions = [price.region for price in machine.prices]
    assert len(regions) == len(set(regions))


@pytest.mark.parametrize("machine", EVERY)
def test_prices_stand_cheapest_first(machine: MachineType) -> None:
    assert all(one.on_demand <= other.on_demand for one, other in pairwise(machine.prices))


@pytest.mark.parametrize("machine", EVERY)
def test_spot_costs_no_more_than_on_demand(machine: MachineType) -> None:
    assert all(price.spot is None or 0 < price.spot <= price.on_demand for price in machine.prices)


@pytest.mark.parametrize("machine", EVERY)
def test_a_gpu_hour_costs_what_such_a_gpu_can_cost(machine: MachineType) -> None:
    least, most = DOLLARS_PER_GPU_HOUR[machine.accelerator]
    for price in machine.prices:
        assert least <= price.on_demand / machine.gpus <= most, price


def family(machine: MachineType) -> str:
    """g6 of g6.2xlarge, a3-highgpu of a3-highgpu-8g, Standard_ND_H200_v5 of Standard_ND96isr_H200_v5."""
    if machine.cloud is Cloud.AWS:
        return machine.name.split(".")[0]
    if machine.cloud is Cloud.GCP:
        return machine.name.rpartition("-")[0]
    return re.sub(r"(?<=[A-Z])\d+[a-z]+", "", machine.name)


@pytest.mark.parametrize("machine", EVERY)
def test_more_of_everything_costs_more_in_the_same_region(machine: MachineType) -> None:
    mine = {price.region: price.on_demand for price in machine.prices}
    for other in machine_types():
        if (other.cloud, family(other)) == (machine.cloud, family(machine)) and (
            other.gpus > machine.gpus and other.vcpus >= machine.vcpus and other.memory >= machine.memory
        ):
            assert all(price.on_demand > mine.get(price.region, 0) for price in other.prices), other.name


def test_what_only_spot_and_flex_start_give_is_marked() -> None:
    marked = {machine.name for machine in machine_types() if machine.spot_only}
    assert marked == {"a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g"}
