from __future__ import annotations

from typing import Any

import pytest
from drivers.declared import Declaration, Declared, declare
from pulumi_aws import eks

from llmctl.infra.aws.names import Names
from llmctl.infra.aws.node_groups import Offers, node_groups
from llmctl.infra.aws.node_pool import NodePools, NodePoolsArgs
from llmctl.infra.aws.place import Place
from llmctl.infra.aws.pool_order import Demand, Pool, Way
from llmctl.infra.aws_settings import CapacityKind
from llmctl.serving.hardware.machine_types import machine_types

GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup", "aws:ec2/launchTemplate:LaunchTemplate"
TAG = "aws:autoscaling/tag:Tag"
ZONES = ("eu-west-1a", "eu-west-1b")
ANSWERS = {
    TEMPLATE: {"latestVersion": 3},
    GROUP: {"resources": [{"autoscalingGroups": [{"name": "eks-asg"}], "remoteAccessSecurityGroupId": ""}]},
}
RESERVED = {"reservation": "cr-0123456789abcdef0", "zones": ("eu-west-1b",)}


def declared(
    *ways: Way,
    accelerators: str = "l4:1",
    gib: int = 60,
    tags: dict[str, str] | None = None,
    preview: bool = False,
) -> Declaration:
    asked = Demand(accelerators=accelerators, replicas=1, memory=1, disk=gib * 1024**3, cpus=1)
    pool = Pool(accelerators=accelerators, ways=ways, max_nodes=4, volume_gib=None, demands=(asked,))
    groups = node_groups([pool], machine_types(), Offers(zones=ZONES))

    def program() -> list[Any]:
        addon = eks.Addon("cni", cluster_name="llmctl-prod-cluster", addon_name="vpc-cni")
        made = NodePools(
            "pools",
            NodePoolsArgs(
                names=Names("prod", Place(account="111122223333", region="eu-west-1")),
                cluster_name="llmctl-prod-cluster",
                kubernetes_version="1.34",
                node_role_arn="arn:aws:iam::111122223333:role/node",
                subnets={zone: f"subnet-{zone}" for zone in ZONES},
                volume_key_arn="arn:aws:kms:eu-west-1:111122223333:key/volumes",
                groups=groups,
                tags=tags or {},
                after=[addon],
            ),
        )
        return [made.names, made.scaling_groups]

    return declare(program, answers=ANSWERS, preview=preview)


def of_gpus(made: Declaration) -> Declared:
    """The group beside the system's."""
    return next(group for group in made.of(GROUP) if group.name != "pools-system")


def test_the_number_of_nodes_is_the_autoscalers() -> None:
    group = declared(Way(machine_type="g6.xlarge")).named("pools-l4-1-g6-xlarge")
    assert group.inputs["scalingConfig"] == {"minSize": 0, "desiredSize": 0, "maxSize": 4}
    assert group.ignore_changes == ("scalingConfig.desiredSize",)


def test_a_group_is_named_for_the_stack_and_lies_in_its_zones() -> None:
    group = of_gpus(declared(Way(machine_type="g6.xlarge", zones=("eu-west-1b",))))
    assert group.inputs["nodeGroupName"].startswith("llmctl-prod-l4-1-g6-xlarge-")
    assert group.inputs["subnetIds"] == ["subnet-eu-west-1b"]


def test_nodes_start_from_the_pinned_image_with_the_driver() -> None:
    group = declared(Way(machine_type="g6.xlarge")).named("pools-l4-1-g6-xlarge")
    assert (group.inputs["amiType"], group.inputs["releaseVersion"]) == ("AL2023_x86_64_NVIDIA", "1.34.9-20260714")
    assert group.inputs["nodeRepairConfig"] == {"enabled": True}


def test_pods_reach_no_metadata_and_disks_have_the_stacks_key() -> None:
    for template in declared(Way(machine_type="g6.xlarge")).of(TEMPLATE):
        assert template.inputs["metadataOptions"] == {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            "httpPutResponseHopLimit": 1,
        }
        disk = template.inputs["blockDeviceMappings"][0]["ebs"]
        assert (disk["encrypted"], disk["kmsKeyId"]) == ("true", "arn:aws:kms:eu-west-1:111122223333:key/volumes")


def test_only_machines_whose_nvme_is_used_are_told_about_it() -> None:
    made = declared(Way(machine_type="g6.xlarge"), gib=60)
    assert "userData" in made.named("pools-l4-1-g6-xlarge-template").inputs
    assert "userData" not in made.named("pools-system-template").inputs


@pytest.mark.parametrize(
    ("way", "capacity_type", "market", "target"),
    [
        (Way(machine_type="p5.48xlarge"), "ON_DEMAND", None, None),
        (Way(machine_type="p5.48xlarge", kind=CapacityKind.SPOT), "SPOT", None, None),
        (
            Way(machine_type="p5.48xlarge", kind=CapacityKind.RESERVATION, **RESERVED),  # type: ignore[arg-type]
            "ON_DEMAND",
            None,
            "cr-0123456789abcdef0",
        ),
        (
            Way(machine_type="p5.48xlarge", kind=CapacityKind.CAPACITY_BLOCK, **RESERVED),  # type: ignore[arg-type]
            "CAPACITY_BLOCK",
            {"marketType": "capacity-block"},
            "cr-0123456789abcdef0",
        ),
    ],
)
def test_a_machine_is_bought_as_its_way_says(
    way: Way, capacity_type: str, market: dict[str, str] | None, target: str | None
) -> None:
    made = declared(way, accelerators="h100:8")
    group = of_gpus(made)
    template = made.named(f"{group.name}-template").inputs
    assert group.inputs["capacityType"] == capacity_type
    assert template.get("instanceMarketOptions") == market
    reserved = template.get("capacityReservationSpecification", {}).get("capacityReservationTarget", {})
    assert reserved.get("capacityReservationId") == target
    assert template["instanceType"] == "p5.48xlarge"
    assert "instanceTypes" not in group.inputs, "EKS takes it in one place only"


def test_empty_groups_carry_what_the_autoscaler_has_to_know() -> None:
    made = declared(Way(machine_type="g6.xlarge"))
    tags = {t.inputs["tag"]["key"]: t.inputs["tag"] for t in made.of(TAG) if "l4-1" in t.name}
    assert tags["k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu"]["value"] == "1"
    assert {t.inputs["autoscalingGroupName"] for t in made.of(TAG)} == {"eks-asg"}
    assert not any(tag["propagateAtLaunch"] for tag in tags.values())


def test_nodes_disks_and_scaling_groups_carry_the_stacks_tags() -> None:
    made = declared(Way(machine_type="g6.xlarge"), tags={"llmctl:stack": "prod"})
    for template in made.of(TEMPLATE):
        kinds = {spec["resourceType"]: spec["tags"] for spec in template.inputs["tagSpecifications"]}
        assert kinds == {kind: {"llmctl:stack": "prod"} for kind in ("instance", "volume", "network-interface")}
    assert len([t for t in made.of(TAG) if t.inputs["tag"]["key"] == "llmctl:stack"]) == 2


def test_nodes_come_after_the_network_addon_and_go_before_it() -> None:
    made = declared(Way(machine_type="g6.xlarge"))
    assert all("cni" in made.before(group.name) for group in made.of(GROUP))


def test_a_first_preview_says_all_that_it_can_know() -> None:
    """Nothing is there, so the names of Auto Scaling groups are not known, and nothing asks for them."""
    made = declared(Way(machine_type="g6.xlarge"), preview=True)
    assert of_gpus(made).inputs["capacityType"] == "ON_DEMAND"
    assert len(made.of(TAG)) == len(declared(Way(machine_type="g6.xlarge")).of(TAG))
