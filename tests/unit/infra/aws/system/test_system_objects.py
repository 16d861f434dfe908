from __future__ import annotations

import pulumi
import yaml
from drivers.declared import Declaration, declare
from pulumi_aws import eks

from llmctl.infra.aws.node_groups import Offers, node_groups
from llmctl.infra.aws.pool_order import Pool, Way
from llmctl.infra.aws.system.images import system_images
from llmctl.infra.aws.system_objects import SystemObjects, SystemObjectsArgs
from llmctl.infra.kubernetes.object import cluster_provider
from llmctl.serving.hardware.machine_types import machine_types

DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def declared(*, balanced: bool = True) -> Declaration:
    ways = (Way(machine_type="g6.xlarge"), Way(machine_type="g6.2xlarge"))
    pool = Pool(accelerators="l4:1", ways=ways, max_nodes=4, volume_gib=None, demands=())
    groups = node_groups([pool], machine_types(), Offers(zones=("eu-west-1a", "eu-west-1b")))

    def program() -> None:
        node_group = eks.Addon("nodes", cluster_name="c", addon_name="stands for a node group")
        SystemObjects(
            "system",
            SystemObjectsArgs(
                cluster_name="llmctl-prod-cluster",
                kubernetes_version="1.34",
                region="eu-west-1",
                vpc_id=pulumi.Output.from_input("vpc-1"),
                volume_key_arn="arn:aws:kms:eu-west-1:111122223333:key/volumes",
                groups=groups,
                scaling_groups=[pulumi.Output.from_input(f"eks-{group.name}-1") for group in groups],
                mirrored={image: f"registry/{image.rpartition('/')[2]}" for image in system_images("1.34")},
                balanced=balanced,
                after=[node_group],
            ),
            cluster_provider("eks", kubeconfig="{}", context="eks"),
        )

    return declare(program)


def test_all_of_it_comes_after_the_nodes_and_goes_before_them() -> None:
    made = declared()
    objects = [each for each in made.resources if each.type.startswith("kubernetes:")]
    assert objects
    assert all("nodes" in made.before(each.name) for each in objects)
    assert {each.provider for each in objects} == {"eks"}


def test_controllers_come_after_their_rights() -> None:
    made = declared()
    assert {
        "system-namespace-llmctl-system",
        "system-clusterrolebinding-llmctl-cluster-autoscaler",
        "system-configmap-cluster-autoscaler-priority-expander",
    } <= made.before("system-deployment-cluster-autoscaler")


def test_the_autoscaler_tries_the_groups_in_the_order_of_their_pool() -> None:
    order = declared().named("system-configmap-cluster-autoscaler-priority-expander").inputs["data"]["priorities"]
    assert yaml.safe_load(order) == {
        100: ["^eks-l4-1-g6-xlarge-1$", "^eks-system-1$"],
        99: ["^eks-l4-1-g6-2xlarge-1$"],
    }


def test_images_are_pulled_from_the_stacks_registry() -> None:
    workloads = [*declared().of(DEPLOYMENT), *declared().of("kubernetes:apps/v1:DaemonSet")]
    used = {each.inputs["spec"]["template"]["spec"]["containers"][0]["image"] for each in workloads}
    assert used == {
        "registry/cluster-autoscaler:v1.34.5",
        "registry/aws-load-balancer-controller:v3.5.0",
        "registry/k8s-device-plugin:v0.20.0",
    }


def test_nobody_registers_targets_where_there_are_none() -> None:
    made = declared(balanced=False)
    assert [each.name for each in made.of(DEPLOYMENT)] == ["system-deployment-cluster-autoscaler"]
    assert not made.of("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition")
