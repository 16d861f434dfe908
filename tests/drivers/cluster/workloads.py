"""Objects for tests of the cluster itself."""

from __future__ import annotations

from typing import Any

RESTRICTED = {
    "runAsNonRoot": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
    "readOnlyRootFilesystem": True,
}


def deployment(namespace: str, name: str, image: str, *, replicas: int = 2, **container: Any) -> dict[str, Any]:
    """Servers on port 8080 that the restricted level admits, spread over the nodes and never fewer than `replicas`."""
    server = {
        "name": "server",
        "image": image,
        "imagePullPolicy": "Never",
        "securityContext": RESTRICTED,
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},  # until every proxy knows that the pod is leaving
        **container,
    }
    labels = {"app": name}
    spread = {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [server], "topologySpreadConstraints": [spread]},
            },
        },
    }


def service(namespace: str, name: str) -> dict[str, Any]:
    """Port 80 of the servers of that name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
