"""The cluster autoscaler: asks for a node where a pod waits for one, in the order of the stack's pools."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from llmctl.infra.aws.system import parts
from llmctl.infra.aws.system.parts import AUTOSCALER, NAMESPACE, READ, Manifest, rule

PRIORITIES, STATUS = "cluster-autoscaler-priority-expander", "cluster-autoscaler-status"
"""Names that the program looks for: cluster-autoscaler/expander/priority/readme.md and its flag
--status-config-map-name."""

FIRST = 100
"""Priority of the first way of a pool; the highest wins. Each further one has one less; there are 30 at the most."""


def priorities(groups: Iterable[tuple[int, str]]) -> str:
    """Rank and name of each Auto Scaling group -> the expander's YAML, which is JSON too.

    A pod fits the groups of its own pool only, so ranks of several pools do not meet.
    """
    by_priority: dict[str, list[str]] = {}
    for rank, name in groups:
        by_priority.setdefault(str(FIRST - rank), []).append(_exactly(name))
    numbered = (f"{priority}: {json.dumps(sorted(names))}" for priority, names in by_priority.items())
    return "\n".join(sorted(numbered, reverse=True)) + "\n"


def _exactly(name: str) -> str:
    """As a regular expression; a dot is all that names have of what means something there."""
    return "^" + name.replace(".", r"\.") + "$"


def autoscaler(*, image: Any, cluster_name: str, region: str, order: Any) -> list[list[Manifest]]:
    """Waves; `order` is what `priorities` gives."""
    rights = [
        *parts.role(AUTOSCALER, _cluster_rules(), cluster=True),
        *parts.role(AUTOSCALER, _own_rules(), cluster=False),
    ]
    return [
        [parts.service_account(AUTOSCALER), parts.named("ConfigMap", PRIORITIES, data={"priorities": order})],
        rights,
        [parts.deployment(_controller(image, cluster_name, region))],
    ]


def _controller(image: Any, cluster_name: str, region: str) -> parts.Controller:
    return parts.Controller(
        name=AUTOSCALER,
        image=image,
        command=["./cluster-autoscaler"],
        args=[
            "--cloud-provider=aws",
            f"--namespace={NAMESPACE}",
            # EKS tags its groups so (docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html).
            "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,"
            f"k8s.io/cluster-autoscaler/{cluster_name}",
            "--expander=priority,least-waste",
            # Every pod of a stack has an emptyDir: with them kept, a node with GPUs would never go.
            "--skip-nodes-with-local-storage=false",
            "--stderrthreshold=info",
        ],
        health=(8085, "/health-check"),
        env={"AWS_REGION": region},
        cpu="100m",
        memory="600Mi",
    )


def _cluster_rules() -> list[Manifest]:
    """Reads all that its simulation of the scheduler knows of, taints nodes that go, and evicts from them
    (cluster-autoscaler/cloudprovider/aws/examples/cluster-autoscaler-autodiscover.yaml)."""
    storage = "storageclasses csinodes csidrivers csistoragecapacities volumeattachments"
    return [
        rule("core", "nodes", f"{READ} update"),
        rule("core", "pods/eviction", "create"),
        rule("core", "pods/status", "update"),
        rule("core", "events", "create patch"),
        rule("core", "namespaces pods services replicationcontrollers persistentvolumeclaims persistentvolumes", READ),
        rule("apps", "daemonsets replicasets statefulsets", READ),
        rule("batch", "jobs", READ),
        rule("policy", "poddisruptionbudgets", READ),
        rule("storage.k8s.io", storage, READ),
        rule("resource.k8s.io", "deviceclasses resourceslices resourceclaims", READ),
    ]


def _own_rules() -> list[Manifest]:
    return [
        *parts.lease(AUTOSCALER),
        rule("core", "configmaps", "create list watch"),
        rule("core", "configmaps", "get update", names=[STATUS]),
        rule("core", "configmaps", "get", names=[PRIORITIES]),
    ]
