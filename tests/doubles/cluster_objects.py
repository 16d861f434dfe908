"""Objects as a Kubernetes API answers them, with a vocabulary: a stack in a cluster, told in words.

They have the fields that llmctl reads, shaped as kube-apiserver 1.34 answers them; tests/cluster reads the real ones.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from llmctl.infra.kubernetes.capacity import nodes_with_pods
from llmctl.infra.kubernetes.snapshot import Snapshot

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
Manifest = dict[str, Any]


def ago(seconds: float) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def node(
    name: str,
    *,
    gpus: int = 0,
    cpus: int = 16,
    memory: str = "64Gi",
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Mapping[str, str]] = (),
    ready: str = "True",
    reason: str = "KubeletReady",
    cordoned: bool = False,
) -> Manifest:
    allocatable = {"cpu": str(cpus), "memory": memory, "ephemeral-storage": "200Gi", "pods": "110"}
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "spec": {"taints": list(taints), **({"unschedulable": True} if cordoned else {})},
        "status": {
            "allocatable": {**allocatable, **({"nvidia.com/gpu": str(gpus)} if gpus else {})},
            "conditions": [{"type": "Ready", "status": ready, "reason": reason}],
        },
    }


def foreign_pod(name: str, on: str, *, gpus: int = 0, memory: str = "1Gi", namespace: str = "other") -> Manifest:
    """Somebody else's, which holds something of a node."""
    asked = {"memory": memory, **({"nvidia.com/gpu": str(gpus)} if gpus else {})}
    return {
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}"},
        "spec": {"nodeName": on, "containers": [{"name": "main", "resources": {"requests": asked}}]},
        "status": {"phase": "Running"},
    }


@dataclass
class ClusterDouble:
    """One stack's namespace and the nodes around it. It keeps objects and does nothing with them."""

    namespace: str = "dev"
    nodes: list[Manifest] = field(default_factory=list)
    foreign_pods: list[Manifest] = field(default_factory=list)
    deployments: list[Manifest] = field(default_factory=list)
    replica_sets: list[Manifest] = field(default_factory=list)
    pods: list[Manifest] = field(default_factory=list)
    events: list[Manifest] = field(default_factory=list)
    claims: list[Manifest] = field(default_factory=list)
    nodes_are_hidden: bool = False
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        """Every stack has a gateway, and it is well until a test says otherwise."""
        self.deployment("gateway", ready=1)
        self.is_warm(self.pod("gateway", on="gateway-node", named="gateway-7d9f-0"))

    def snapshot(self) -> Snapshot:
        held = [*self.pods, *self.foreign_pods]
        return Snapshot(
            namespace=self.namespace,
            taken=NOW,
            home={"metadata": {"name": self.namespace, "uid": "uid-home"}, "status": {"phase": "Active"}},
            deployments=tuple(self.deployments),
            replica_sets=tuple(self.replica_sets),
            pods=tuple(self.pods),
            events=tuple(self.events),
            claims=tuple(self.claims),
            nodes=None if self.nodes_are_hidden else nodes_with_pods(self.nodes, held),
        )

    def deployment(self, name: str, *, replicas: int = 1, ready: int = 0, age: float = 60) -> Manifest:
        """With the ReplicaSet that its pods belong to."""
        made: Manifest = {
            "metadata": {"name": name, "uid": f"uid-{name}", "namespace": self.namespace},
            "spec": {"replicas": replicas},
            "status": {"replicas": replicas, "readyReplicas": ready, "conditions": []},
        }
        self.deployments.append(made)
        self.replica_sets.append(
            {
                "metadata": {
                    "name": f"{name}-7d9f",
                    "uid": f"uid-{name}-7d9f",
                    "creationTimestamp": ago(age),
                    "ownerReferences": [{"kind": "Deployment", "name": name, "uid": f"uid-{name}"}],
                },
                "spec": {"replicas": replicas},
                "status": {"replicas": replicas},
            }
        )
        return made

    def pod(
        self,
        of: str = "chat",
        *,
        on: str | None = None,
        gpus: int = 0,
        memory: str = "4Gi",
        cpu: str = "1",
        selector: Mapping[str, str] | None = None,
        tolerations: Sequence[Mapping[str, str]] = (),
        age: float = 60,
        named: str | None = None,
    ) -> Manifest:
        """A pod of a Deployment, which is made if it is not there; without a node it is one the scheduler refused."""
        if not any(each["metadata"]["name"] == of for each in self.deployments):
            self.deployment(of)
        name = named or f"{of}-7d9f-{next(self._numbers)}"
        asked = {"memory": memory, "cpu": cpu, **({"nvidia.com/gpu": str(gpus)} if gpus else {})}
        made: Manifest = {
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "uid": f"uid-{name}",
                "creationTimestamp": ago(age),
                "ownerReferences": [{"kind": "ReplicaSet", "name": f"{of}-7d9f", "uid": f"uid-{of}-7d9f"}],
            },
            "spec": {
                "containers": [{"name": "server", "resources": {"requests": asked, "limits": asked}}],
                "tolerations": list(tolerations),
                **({"nodeSelector": dict(selector)} if selector else {}),
                **({"nodeName": on} if on else {}),
            },
            "status": {"phase": "Pending", "conditions": [_scheduled(on)]},
        }
        self.pods.append(made)
        return made

    def has_container(
        self,
        pod: Manifest,
        state: Manifest,
        *,
        name: str = "server",
        init: bool = False,
        ready: bool = False,
        started: bool = False,
        restarts: int = 0,
        last: Manifest | None = None,
        image: str = "registry.example/engine:1",
    ) -> None:
        """The kubelet's report of one container. `started`: its startup probe has passed."""
        status = {
            "name": name,
            "image": image,
            "state": state,
            "lastState": last or {},
            "ready": ready,
            "started": started,
            "restartCount": restarts,
        }
        pod["status"].setdefault("initContainerStatuses" if init else "containerStatuses", []).append(status)
        if init:
            pod["spec"].setdefault("initContainers", []).append({"name": name})

    def is_warm(self, pod: Manifest) -> None:
        pod["status"]["phase"] = "Running"
        pod["status"]["conditions"].append({"type": "Ready", "status": "True"})
        self.has_container(pod, running(), ready=True, started=True)

    def event(self, about: Manifest, kind: str, reason: str, message: str, *, age: float = 10) -> None:
        self.events.append(
            {
                "metadata": {"name": f"event-{next(self._numbers)}", "creationTimestamp": ago(age)},
                "involvedObject": {"kind": kind, "name": about["metadata"]["name"], "uid": about["metadata"]["uid"]},
                "reason": reason,
                "message": message,
                "type": "Warning",
                "lastTimestamp": ago(age),
            }
        )


def waiting(reason: str, message: str = "") -> Manifest:
    return {"waiting": {"reason": reason, "message": message}}


def running() -> Manifest:
    return {"running": {"startedAt": ago(50)}}


def ended(code: int, reason: str = "Error") -> Manifest:
    return {"terminated": {"exitCode": code, "reason": reason, "finishedAt": ago(5)}}


def _scheduled(on: str | None) -> Manifest:
    if on:
        return {"type": "PodScheduled", "status": "True"}
    message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available."
    return {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
