"""What Prometheus scrapes and warns of, where its operator is: the gateways' view of each model, and the engines'."""

from __future__ import annotations

from typing import Any

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.autoscaling import SERIES, backend
from llmctl.serving.manifests.container import metrics_port_name
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec

ALERTS = "stack"
INTERVAL = "15s"
"""Half of KEDA's own 30 s between two looks, so that each look finds something new."""

FAILING_SHARE = 0.05
FULL_CACHE = 0.95
RESTARTS = 2
"""Shares and counts from which on people are told. Assumed."""


def monitors(spec: StackSpec) -> tuple[Manifest, ...]:
    if not spec.features.prometheus_operator:
        return ()
    scraped = (_gateway(spec), *(_model_server(spec, model) for model in spec.models))
    return (*scraped, _rules(spec))


def _gateway(spec: StackSpec) -> Manifest:
    return _pod_monitor(spec, Component.GATEWAY.value, Component.GATEWAY, None, "metrics", "/metrics")


def _model_server(spec: StackSpec, model: ServedModel) -> Manifest:
    port, path = metrics_port_name(model.container), model.container.metrics.path
    return _pod_monitor(spec, model.name, Component.MODEL_SERVER, model, port, path)


def _pod_monitor(
    spec: StackSpec, name: str, component: Component, model: ServedModel | None, port: str, path: str
) -> Manifest:
    """Pods one by one, ready or not: a Service would hide the one that is in trouble."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": labels.metadata(spec, name, component, model),
        "spec": {
            "selector": {"matchLabels": labels.selector(component, model)},
            "podTargetLabels": [labels.COMPONENT, labels.MODEL],
            "podMetricsEndpoints": [{"port": port, "path": path, "interval": INTERVAL}],
        },
    }


def _rules(spec: StackSpec) -> Manifest:
    rules = [_gateway_missing(spec), *(rule for model in spec.models for rule in _model_rules(spec, model))]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": labels.metadata(spec, ALERTS),
        "spec": {"groups": [{"name": f"llmctl-{spec.stack}", "rules": rules}]},
    }


def _gateway_missing(spec: StackSpec) -> dict[str, Any]:
    up = f'up{{namespace="{spec.namespace}",app_kubernetes_io_component="{Component.GATEWAY}"}}'
    return _alert(
        spec,
        None,
        "GatewayMissing",
        f"(sum({up}) or vector(0)) < {spec.gateway.gateways}",
        "10m",
        "critical",
        f"fewer than {spec.gateway.gateways} gateways answer; each holds its part of the slots",
    )


def _model_rules(spec: StackSpec, model: ServedModel) -> list[dict[str, Any]]:
    made = [_no_replica(spec, model), _waiting(spec, model), _failing(spec, model), _restarting(spec, model)]
    if usage := model.container.metrics.names.get("kv_cache_usage"):
        made.append(_cache_full(spec, model, usage))
    return made


def _no_replica(spec: StackSpec, model: ServedModel) -> dict[str, Any]:
    """For as long as a start may take it can be an update of a model that has no second place."""
    expression = f"max({_backend(spec, model, 'haproxy_backend_active_servers')}) == 0"
    text = f"no replica of {model.name} is ready, and has not been for longer than a start takes"
    return _alert(spec, model, "ModelWithoutReplica", expression, f"{model.startup_seconds}s", "critical", text)


def _waiting(spec: StackSpec, model: ServedModel) -> dict[str, Any]:
    most = max(1, spec.gateway.queue_seconds // 2)
    waits = f"max({_backend(spec, model, 'haproxy_backend_queue_time_average_seconds')}) > {most}"
    expression = f"{waits} and sum({_backend(spec, model, SERIES)}) > 0"
    text = f"requests for {model.name} wait longer than {most} s for a slot; at {spec.gateway.queue_seconds} s they end"
    return _alert(spec, model, "RequestsWait", expression, "5m", "warning", text)


def _failing(spec: StackSpec, model: ServedModel) -> dict[str, Any]:
    failed = _backend(spec, model, "haproxy_backend_http_responses_total", 'code="5xx"')
    all_of_them = _backend(spec, model, "haproxy_backend_http_responses_total")
    expression = f"sum(rate({failed}[5m])) / sum(rate({all_of_them}[5m])) > {FAILING_SHARE}"
    text = f"more than {FAILING_SHARE:.0%} of the answers of {model.name} are server errors"
    return _alert(spec, model, "ModelFails", expression, "5m", "critical", text)


def _restarting(spec: StackSpec, model: ServedModel) -> dict[str, Any]:
    """The series is kube-state-metrics'; where that is not, this alert never fires."""
    series = f'kube_pod_container_status_restarts_total{{namespace="{spec.namespace}",pod=~"{model.name}-.*"}}'
    text = f"a replica of {model.name} has restarted more than {RESTARTS} times in an hour"
    return _alert(spec, model, "ReplicaRestarts", f"max(increase({series}[1h])) > {RESTARTS}", "0s", "warning", text)


def _cache_full(spec: StackSpec, model: ServedModel, series: str) -> dict[str, Any]:
    usage = f'max({series}{{namespace="{spec.namespace}",llmctl_model="{model.name}"}}) > {FULL_CACHE}'
    text = f"the KV cache of a replica of {model.name} is full: it interrupts requests, or lets them wait"
    return _alert(spec, model, "CacheFull", usage, "15m", "warning", text)


def _backend(spec: StackSpec, model: ServedModel, series: str, more: str = "") -> str:
    matchers = [f'namespace="{spec.namespace}"', f'proxy="{backend(model)}"', *([more] if more else [])]
    return f"{series}{{{','.join(matchers)}}}"


def _alert(
    spec: StackSpec, model: ServedModel | None, name: str, expression: str, patience: str, severity: str, summary: str
) -> dict[str, Any]:
    return {
        "alert": f"Llmctl{name}",
        "expr": expression,
        "for": patience,
        "labels": {"severity": severity, "stack": spec.stack, **({"model": model.name} if model else {})},
        "annotations": {"summary": summary, "description": f"`llmctl why {spec.stack}` says what is wrong."},
    }
