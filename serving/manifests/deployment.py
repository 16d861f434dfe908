"""What the Deployments of a stack share: strategy, patience, and a pod that may do little."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec

SPREAD_OVER = ("topology.kubernetes.io/zone", "kubernetes.io/hostname")

SURGE: Manifest = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
"""The new one is there before an old one goes."""

OLD_FIRST: Manifest = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
"""One by one, where there is no room for one more; the new pod waits for what the old one still holds. Not Recreate:
its new ReplicaSet comes only when the old pods are gone, and until then whoever waits for the update sees the old one,
complete, with no replicas (pulumi-kubernetes, provider/pkg/await/deployment.go: a change without a new revision)."""


@dataclass(frozen=True, kw_only=True)
class Pod:
    """What differs from pod to pod."""

    containers: Sequence[Manifest]
    init_containers: Sequence[Manifest] = ()
    volumes: Sequence[Manifest] = ()
    grace_seconds: int
    root: bool = False
    group: int | None = None
    """Gid that mounted files belong to."""

    tolerations: Sequence[Mapping[str, Any]] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rollout:
    replicas: int | None
    """None: an autoscaler's."""

    strategy: Manifest
    min_ready_seconds: int
    progress_deadline_seconds: int


def deployment(
    spec: StackSpec, name: str, component: Component, model: ServedModel | None, rollout: Rollout, pod: Pod
) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": labels.metadata(spec, name, component, model),
        "spec": {
            **({"replicas": rollout.replicas} if rollout.replicas is not None else {}),
            "selector": {"matchLabels": labels.selector(component, model)},
            "strategy": rollout.strategy,
            **({"minReadySeconds": rollout.min_ready_seconds} if rollout.min_ready_seconds else {}),
            "progressDeadlineSeconds": rollout.progress_deadline_seconds,
            "revisionHistoryLimit": 3,
            "template": {
                "metadata": {
                    "labels": labels.pod_labels(spec, component, model),
                    **({"annotations": dict(pod.annotations)} if pod.annotations else {}),
                },
                "spec": _pod_spec(spec, component, model, pod),
            },
        },
    }


def _pod_spec(spec: StackSpec, component: Component, model: ServedModel | None, pod: Pod) -> Manifest:
    return {
        "serviceAccountName": component.value,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": priority_class_name(spec.namespace),
        "terminationGracePeriodSeconds": pod.grace_seconds,
        "securityContext": _pod_security(pod),
        **({"imagePullSecrets": [{"name": spec.image_pull_secret}]} if spec.image_pull_secret else {}),
        **({"nodeSelector": dict(pod.node_selector)} if pod.node_selector else {}),
        **({"tolerations": [dict(toleration) for toleration in pod.tolerations]} if pod.tolerations else {}),
        "topologySpreadConstraints": _spread(labels.selector(component, model)),
        **({"initContainers": list(pod.init_containers)} if pod.init_containers else {}),
        "containers": list(pod.containers),
        **({"volumes": list(pod.volumes)} if pod.volumes else {}),
    }


def priority_class_name(namespace: str) -> str:
    """A PriorityClass lies in no namespace, so its name says whose it is."""
    return f"{namespace}-serving"


def _pod_security(pod: Pod) -> Manifest:
    return {
        "runAsNonRoot": not pod.root,
        "seccompProfile": {"type": "RuntimeDefault"},
        **({"fsGroup": pod.group} if pod.group is not None else {}),
    }


def _spread(selector: Mapping[str, str]) -> list[Manifest]:
    """Over zones and nodes as far as there are any; the pods of one revision are counted, not those that are going."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selector)},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in SPREAD_OVER
    ]
