"""Small manifests for tests."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]


def namespace(name: str, **metadata: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **metadata}}


def config_map(namespace: str, name: str = "settings", **data: Any) -> Manifest:
    return {**_about("v1", "ConfigMap", namespace, name), "data": data}


def secret(namespace: str, name: str = "keys", **data: Any) -> Manifest:
    """`data` in clear."""
    return {**_about("v1", "Secret", namespace, name), "stringData": data}


def deployment(namespace: str, name: str = "server", *, selects: str = "server", **spec: Any) -> Manifest:
    labels = {"app": selects}
    # Without grace: no kubelet is there to say that a pod has ended.
    container = {"name": "server", "image": "registry.invalid/server:1", "resources": {"requests": {"cpu": "0.5"}}}
    template = {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}
    wanted = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {**_about("apps/v1", "Deployment", namespace, name), "spec": wanted}


def service(namespace: str, name: str = "server", **spec: Any) -> Manifest:
    wanted = {"selector": {"app": "server"}, "ports": [{"name": "http", "port": 80}], **spec}
    return {**_about("v1", "Service", namespace, name), "spec": wanted}


def annotated(manifest: Manifest, **annotations: str) -> Manifest:
    """With annotations of Pulumi; `skipAwait` stands for `pulumi.com/skipAwait`."""
    given = {f"pulumi.com/{name}": value for name, value in annotations.items()}
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": given}}


def _about(api_version: str, kind: str, namespace: str, name: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}
