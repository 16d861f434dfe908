"""NVIDIA's device plugin: tells each kubelet of its node's GPUs. The nodes' image has the driver and the runtime."""

from __future__ import annotations

from typing import Any

from llmctl.infra.aws.pool_labels import ACCELERATOR, GPU_RESOURCE
from llmctl.infra.aws.system.parts import Manifest

NAME, NAMESPACE = "nvidia-device-plugin", "kube-system"
"""Its socket lies in a directory of the node, which the restricted namespace admits nobody to."""

SOCKETS = "/var/lib/kubelet/device-plugins"


def device_plugin(*, image: Any) -> Manifest:
    labels = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/managed-by": "llmctl"}
    selected = {"app.kubernetes.io/name": NAME}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "selector": {"matchLabels": selected},
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {"metadata": {"labels": dict(selected)}, "spec": _pod(image)},
        },
    }


def _pod(image: Any) -> Manifest:
    return {
        "priorityClassName": "system-node-critical",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "tolerations": [{"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": _nodes_with_gpus()}},
        "containers": [
            {
                "name": NAME,
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "resources": {"requests": {"cpu": "50m", "memory": "100Mi"}, "limits": {"memory": "300Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                    "readOnlyRootFilesystem": True,
                },
                "volumeMounts": [{"name": "sockets", "mountPath": SOCKETS}],
            }
        ],
        "volumes": [{"name": "sockets", "hostPath": {"path": SOCKETS, "type": "Directory"}}],
    }


def _nodes_with_gpus() -> Manifest:
    return {"nodeSelectorTerms": [{"matchExpressions": [{"key": ACCELERATOR, "operator": "Exists"}]}]}
