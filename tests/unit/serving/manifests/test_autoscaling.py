"""Replicas by the gateway's queue, with what the cluster has for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers.stacks import small_model, stack, watched

from llmctl.serving.gateway.haproxy.gateway import HaproxyGateway
from llmctl.serving.manifests.autoscaling import SERIES, autoscalers, backend, requests_per_replica
from llmctl.serving.manifests.notes import notes
from llmctl.serving.manifests.spec import Features, StackSpec
from llmctl.serving.manifests.stack import objects

SCALED = small_model(most=3)
KEDA, ADAPTER = Features(keda=True), Features(external_metrics=True)


def kinds(spec: StackSpec) -> list[str]:
    return [made["kind"] for made in autoscalers(spec)]


@pytest.mark.parametrize(
    ("features", "kind"),
    [
        (KEDA, ["ScaledObject"]),
        (ADAPTER, ["HorizontalPodAutoscaler"]),
        (Features(keda=True, external_metrics=True), ["ScaledObject"]),
        (Features(), []),
    ],
)
def test_what_scales_is_what_the_cluster_has(features: Features, kind: list[str]) -> None:
    assert kinds(watched(stack(SCALED, small_model("fixed")), features)) == kind


def test_keda_without_a_prometheus_to_ask_is_no_autoscaler() -> None:
    spec = replace(stack(SCALED), features=KEDA)
    assert kinds(spec) == []
    assert (
        "smollm keeps 1 replicas and does not scale to 3: "
        "KEDA is there, but the stack names no Prometheus that it could ask"
    ) in notes(spec)


def test_who_scales_a_deployment_is_the_only_one_who_says_its_replicas() -> None:
    spec = watched(stack(SCALED, small_model("fixed", least=2, most=2)), KEDA)
    said = {
        made["metadata"]["name"]: made["spec"].get("replicas") for made in objects(spec) if made["kind"] == "Deployment"
    }
    assert said == {"smollm": None, "fixed": 2, "gateway": 2}


def test_it_looks_at_waiting_and_running_requests_of_one_model_in_all_gateways() -> None:
    [made] = autoscalers(watched(stack(SCALED), KEDA))
    [trigger] = made["spec"]["triggers"]
    query = 'sum(haproxy_backend_current_sessions{namespace="llmctl-dev",proxy="model-smollm"})'
    assert trigger["metadata"]["query"] == query
    assert trigger["metadata"]["threshold"] == "3"


def test_the_series_and_the_backend_are_those_of_the_gateway() -> None:
    spec = stack(SCALED)
    container = HaproxyGateway().container(spec.gateway, spec.gateway_image)
    assert container.metrics.names["requests_running"] == SERIES
    assert f"backend {backend(SCALED)}\n" in spec.gateway_files["haproxy.cfg"]


def test_a_new_replica_is_asked_for_before_the_last_slot_is_taken() -> None:
    for slots in range(2, 200):
        assert 1 <= requests_per_replica(replace(SCALED, slots=slots)) < slots
    assert requests_per_replica(replace(SCALED, slots=1)) == 1


@pytest.mark.parametrize("features", [KEDA, ADAPTER])
def test_the_last_replica_is_kept_because_a_gateway_refuses_what_has_none(features: Features) -> None:
    spec = watched(stack(replace(small_model(least=0, most=3))), features)
    [made] = autoscalers(spec)
    assert 1 in (made["spec"].get("minReplicaCount"), made["spec"].get("minReplicas"))
    assert "smollm scales down to 1 replica, not to 0: none would call one back" in notes(spec)


@pytest.mark.parametrize(("startup", "window"), [(60, 300), (900, 900), (7200, 3600)])
def test_a_replica_outlives_a_lull_that_is_shorter_than_its_start(startup: int, window: int) -> None:
    [made] = autoscalers(watched(stack(replace(SCALED, startup_seconds=startup)), ADAPTER))
    assert made["spec"]["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == window
