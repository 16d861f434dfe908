"""Replicas by what the gateway sees: requests that wait and requests in flight. An engine's own queue stays empty."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec

SERIES = "haproxy_backend_current_sessions"
"""Of HAProxy's exporter (its container's `requests_running`), one series for each backend (= model) and gateway:
requests in flight and those in the queue. With one slot and four requests it says 4, beside a
haproxy_backend_current_queue of 3 (2.6.12, run)."""


def backend(model: ServedModel) -> str:
    """What a gateway calls the model in its label `proxy`."""
    return f"model-{model.name}"


BUSY = 0.8
"""The share of its slots that a replica is meant to fill. Assumed: below 1, because a new one is minutes away when the
queue begins to grow."""

LONGEST_STABILIZATION = 3600
SHORTEST_STABILIZATION = 300
"""Seconds; what the API allows at the most (autoscaling/v2), and what it does by itself."""


class Scaler(StrEnum):
    KEDA = "KEDA"
    HPA = "HorizontalPodAutoscaler"


def scaler(spec: StackSpec) -> Scaler | None:
    """What the cluster can scale by a gateway's series with, or None."""
    if spec.features.keda and spec.prometheus:
        return Scaler.KEDA
    return Scaler.HPA if spec.features.external_metrics else None


def wants_scaling(model: ServedModel) -> bool:
    return model.replicas.most > model.replicas.least


def autoscaled(spec: StackSpec, model: ServedModel) -> bool:
    return wants_scaling(model) and scaler(spec) is not None


def autoscalers(spec: StackSpec) -> tuple[Manifest, ...]:
    make = {Scaler.KEDA: _scaled_object, Scaler.HPA: _pod_autoscaler}
    by = scaler(spec)
    return tuple(make[by](spec, model) for model in spec.models if wants_scaling(model)) if by else ()


def requests_per_replica(model: ServedModel) -> int:
    return max(1, math.floor(BUSY * model.slots))


def least(model: ServedModel) -> int:
    """One is always there: a gateway refuses at once what has no replica, so nothing would ever call one back."""
    return max(1, model.replicas.least)


def _scaled_object(spec: StackSpec, model: ServedModel) -> Manifest:
    """keda.sh/docs, ScaledObject and the Prometheus scaler. Without data it keeps the replicas there are."""
    query = f'sum({SERIES}{{namespace="{spec.namespace}",proxy="{backend(model)}"}})'
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": labels.metadata(spec, model.name, Component.MODEL_SERVER, model),
        "spec": {
            "scaleTargetRef": {"name": model.name},
            "minReplicaCount": least(model),
            "maxReplicaCount": model.replicas.most,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior(model)}},
            "triggers": [
                {
                    "type": "prometheus",
                    "metricType": "AverageValue",
                    "metadata": {
                        "serverAddress": spec.prometheus,
                        "query": query,
                        "threshold": str(requests_per_replica(model)),
                        "ignoreNullValues": "false",
                    },
                }
            ],
        },
    }


def _pod_autoscaler(spec: StackSpec, model: ServedModel) -> Manifest:
    """The adapter has to offer the series by its own name; it adds up what the selector finds."""
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": labels.metadata(spec, model.name, Component.MODEL_SERVER, model),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": model.name},
            "minReplicas": least(model),
            "maxReplicas": model.replicas.most,
            "behavior": _behavior(model),
            "metrics": [
                {
                    "type": "External",
                    "external": {
                        "metric": {
                            "name": SERIES,
                            "selector": {"matchLabels": {"namespace": spec.namespace, "proxy": backend(model)}},
                        },
                        "target": {"type": "AverageValue", "averageValue": str(requests_per_replica(model))},
                    },
                }
            ],
        },
    }


def _behavior(model: ServedModel) -> dict[str, Any]:
    """Down one at a time, and not for a lull that is shorter than the way back up takes."""
    window = min(LONGEST_STABILIZATION, max(SHORTEST_STABILIZATION, model.startup_seconds))
    return {
        "scaleDown": {
            "stabilizationWindowSeconds": window,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
        }
    }
