from __future__ import annotations

import base64

import botocore.session
import pytest
import yaml
from pydantic import ValidationError

from llmctl.infra.aws.ami import ami_type, release_version
from llmctl.infra.aws.node_groups import NodeGroup, Offers, node_groups
from llmctl.infra.aws.node_user_data import user_data
from llmctl.infra.aws.pool_labels import selector
from llmctl.infra.aws.pool_order import Demand, Pool, Way
from llmctl.infra.aws_settings import Capacity, CapacityKind
from llmctl.infra.errors import SettingsError
from llmctl.serving.hardware.machine_types import machine_types

GIB = 1024**3
ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
BLOCK = Way(
    machine_type="p5.48xlarge",
    kind=CapacityKind.CAPACITY_BLOCK,
    reservation="cr-0123456789abcdef0",
    zones=("eu-west-1b",),
)


def pool(*ways: Way, accelerators: str = "l4:1", disk: int = 60 * GIB) -> Pool:
    asked = Demand(accelerators=accelerators, replicas=1, memory=GIB, disk=disk, cpus=1)
    return Pool(accelerators=accelerators, ways=ways, max_nodes=4, volume_gib=None, demands=(asked,))


def made(*pools: Pool, offered: dict[str, frozenset[str]] | None = None) -> tuple[NodeGroup, ...]:
    return node_groups(pools, machine_types(), Offers(zones=ZONES, offered=offered))


def test_each_way_to_get_a_machine_is_a_group_in_the_order_it_is_tried() -> None:
    spot = Way(machine_type="g6.xlarge", kind=CapacityKind.SPOT)
    system, first, second = made(pool(spot, Way(machine_type="g6.xlarge")))
    assert (system.pool, system.least) == ("system", 2)
    assert [(g.name, g.rank, g.least, g.capacity_type) for g in (first, second)] == [
        ("l4-1-g6-xlarge-spot", 0, 0, "SPOT"),
        ("l4-1-g6-xlarge", 1, 0, "ON_DEMAND"),
    ]


def test_the_autoscaler_knows_an_empty_group_as_the_scheduler_will_know_its_nodes() -> None:
    _, group = made(pool(Way(machine_type="g6.12xlarge")))
    assert group.template_tags == {
        "k8s.io/cluster-autoscaler/node-template/label/llmctl/node-pool": "l4-1",
        "k8s.io/cluster-autoscaler/node-template/label/k8s.amazonaws.com/accelerator": "l4",
        "k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu": "present:NoSchedule",
        "k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu": "4",
        "k8s.io/cluster-autoscaler/node-template/resources/ephemeral-storage": f"{group.disk.ephemeral_gib}Gi",
    }
    assert selector("l4:1").items() <= group.labels.items(), "pods of the pool would not find its nodes"


def test_a_group_spans_the_stacks_zones_that_offer_its_type() -> None:
    there = {"g6.xlarge": frozenset({"eu-west-1c", "eu-west-1a", "eu-west-1d"}), "m6i.large": frozenset(ZONES)}
    _, group = made(pool(Way(machine_type="g6.xlarge")), offered=there)
    assert group.zones == ("eu-west-1a", "eu-west-1c")


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (Way(machine_type="g6.xlarge"), "not offered in .* Zones that offer it: eu-west-1d"),
        (Way(machine_type="g6.xlarge", zones=("eu-west-1z",)), "where the stack has no subnets"),
        (Way(machine_type="m6i.large", zones=("eu-west-1c",)), "Zones that offer it: eu-west-1a"),
    ],
)
def test_a_type_that_no_zone_of_the_stack_offers_is_refused_with_those_that_do(way: Way, said: str) -> None:
    there = {"g6.xlarge": frozenset({"eu-west-1d"}), "m6i.large": frozenset({"eu-west-1a"})}
    with pytest.raises(SettingsError, match=said):
        made(pool(way), offered=there)


def test_a_capacity_block_is_one_zone_and_its_own_kind_to_eks() -> None:
    _, group = made(pool(BLOCK, accelerators="h100:8"))
    assert (group.zones, group.capacity_type, group.reservation) == (
        ("eu-west-1b",),
        "CAPACITY_BLOCK",
        "cr-0123456789abcdef0",
    )


@pytest.mark.parametrize(
    "written",
    [
        {"kind": "reservation", "zones": ["eu-west-1a"]},
        {"kind": "reservation", "reservation": "cr-0123456789abcdef0"},
        {"kind": "spot", "reservation": "cr-0123456789abcdef0", "zones": ["eu-west-1a"]},
    ],
)
def test_a_reservation_goes_with_its_kind_and_its_zone(written: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="reserv"):
        Capacity.model_validate({"machineType": "g6.xlarge", **written})


def test_one_type_in_two_sets_of_zones_is_two_groups() -> None:
    _, everywhere, one = made(pool(Way(machine_type="g6.xlarge"), Way(machine_type="g6.xlarge", zones=("eu-west-1a",))))
    assert everywhere.name != one.name


def test_a_group_that_gets_another_zone_gets_another_name() -> None:
    """EKS replaces it, and two of one name cannot be there at once."""
    two, three = (node_groups([], machine_types(), Offers(zones=zones))[0] for zones in (ZONES[:2], ZONES))
    assert two.name == three.name
    assert two.name_in_zones != three.name_in_zones


@pytest.mark.parametrize(("count", "fits"), [(29, True), (30, False)])
def test_a_cluster_has_thirty_groups_and_the_system_is_one(count: int, fits: bool) -> None:
    many = [pool(Way(machine_type="g6.xlarge"), accelerators=f"l4:{each + 1}") for each in range(count)]
    if fits:
        assert len(made(*many)) == 30
        return
    with pytest.raises(SettingsError, match="31 node groups; a cluster has at most 30"):
        made(*many)


def test_a_machine_with_gpus_for_four_replicas_has_disk_for_four() -> None:
    _, one = made(pool(Way(machine_type="g6.12xlarge"), disk=900 * 10**9))
    _, four = made(pool(Way(machine_type="g6.12xlarge"), accelerators="l4:4", disk=900 * 10**9))
    assert (one.disk.raid, four.disk.raid) == (False, True), "3.76 TB of NVMe hold one set of weights and not four"


def test_a_disk_that_no_volume_is_large_enough_for_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"aws\.nodePools\.l4:1: .* NVMe disks of their own"):
        made(pool(Way(machine_type="g6.xlarge"), disk=20_000 * GIB))


@pytest.mark.parametrize(
    ("machine", "gpus", "expected"),
    [
        ("g6.xlarge", True, "AL2023_x86_64_NVIDIA"),
        ("m6i.large", False, "AL2023_x86_64_STANDARD"),
        ("m7g.large", False, "AL2023_ARM_64_STANDARD"),
        ("c7gn.large", False, "AL2023_ARM_64_STANDARD"),
        ("x2gd.large", False, "AL2023_ARM_64_STANDARD"),
        ("g5g.xlarge", True, "AL2023_ARM_64_NVIDIA"),
        ("p6-b200.48xlarge", True, "AL2023_x86_64_NVIDIA"),
    ],
)
def test_the_image_is_of_the_machines_architecture(machine: str, gpus: bool, expected: str) -> None:
    assert ami_type(machine, gpus=gpus) == expected


def test_the_images_release_is_pinned_for_each_kubernetes() -> None:
    assert release_version("1.34") == "1.34.9-20260714"
    with pytest.raises(SettingsError, match=r"1\.99 has no node image pinned\. Allowed: 1\.30, .*1\.36"):
        release_version("1.99")


def test_nvme_disks_become_one_raid_by_a_node_config_in_mime() -> None:
    text = base64.b64decode(user_data(raid=True) or "").decode()
    head, _, rest = text.partition("--llmctl\n")
    part = rest.partition("\n--llmctl--")[0]
    assert head.startswith("MIME-Version: 1.0\nContent-Type: multipart/mixed;")
    kind, _, body = part.partition("\n\n")
    assert kind == "Content-Type: application/node.eks.aws"
    assert yaml.safe_load(body) == {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"instance": {"localStorage": {"strategy": "RAID0"}}},
    }
    assert user_data(raid=False) is None


def test_eks_knows_every_word_that_a_group_is_described_with() -> None:
    shapes = botocore.session.get_session().get_service_model("eks")
    ways = (
        Way(machine_type="g6.xlarge", kind=CapacityKind.SPOT),
        Way(machine_type="g6.xlarge"),
        Way(machine_type="g6.xlarge", kind=CapacityKind.RESERVATION, reservation="cr-01234567", zones=("eu-west-1a",)),
    )
    groups = made(pool(*ways), pool(BLOCK, accelerators="h100:8"))
    assert {group.ami_type for group in groups} <= set(shapes.shape_for("AMITypes").enum)
    assert {group.capacity_type for group in groups} <= set(shapes.shape_for("CapacityTypes").enum)
    assert {taint.eks_effect for group in groups for taint in group.taints} <= set(shapes.shape_for("TaintEffect").enum)
