"""What tells the nodes of one pool from others: to the scheduler by labels and taints, to the autoscaler by tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

POOL = "llmctl/node-pool"
SYSTEM = "system"
"""The pool of what serves no model: DNS, controllers, gateways."""

PROCESSOR = "cpu"
GPU_RESOURCE = "nvidia.com/gpu"

ACCELERATOR = "k8s.amazonaws.com/accelerator"
"""With it the autoscaler knows that a new node's GPUs are still to come, and asks for no second one meanwhile;
kubernetes/autoscaler cluster-autoscaler/cloudprovider/aws/README.md, "Special note on GPU instances"."""

TEMPLATE = "k8s.io/cluster-autoscaler/node-template"
"""Tags of an Auto Scaling group that say what its nodes will be, while there is none: the same README."""


@dataclass(frozen=True, kw_only=True)
class Taint:
    key: str
    value: str
    effect: str = "NoSchedule"

    @property
    def eks_effect(self) -> str:
        """As EKS spells it: NO_SCHEDULE (docs.aws.amazon.com/eks/latest/APIReference/API_Taint.html)."""
        return {"NoSchedule": "NO_SCHEDULE", "NoExecute": "NO_EXECUTE", "PreferNoSchedule": "PREFER_NO_SCHEDULE"}[
            self.effect
        ]


GPU_TAINT = Taint(key=GPU_RESOURCE, value="present")
"""What the pods of a model on GPUs tolerate, by their resource's name (serving/manifests/model_server.py)."""


def pool_name(accelerators: str) -> str:
    """`l4:1` -> `l4-1`: a value of a label, and a part of names."""
    return accelerators.replace(":", "-")


def selector(accelerators: str) -> dict[str, str]:
    """What the pods of a model on these accelerators select; `l4:1`, or `cpu`."""
    return {POOL: pool_name(accelerators)}


def labels(pool: str, accelerator: str | None) -> dict[str, str]:
    return {POOL: pool, **({ACCELERATOR: accelerator} if accelerator else {})}


def template_tags(
    labels: Mapping[str, str], taints: tuple[Taint, ...], gpus: int, ephemeral_gib: int
) -> dict[str, str]:
    """For the Auto Scaling group. Disk too: without it a pod that asks for some never fits a group without nodes,
    since the autoscaler's template has none."""
    return {
        **{f"{TEMPLATE}/label/{key}": value for key, value in labels.items()},
        **{f"{TEMPLATE}/taint/{taint.key}": f"{taint.value}:{taint.effect}" for taint in taints},
        **({f"{TEMPLATE}/resources/{GPU_RESOURCE}": str(gpus)} if gpus else {}),
        f"{TEMPLATE}/resources/ephemeral-storage": f"{ephemeral_gib}Gi",
    }
