"""What the system's controllers share: a namespace that admits only restricted pods, and one small Deployment each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmctl.infra.aws.pool_labels import POOL, SYSTEM

Manifest = dict[str, Any]

NAMESPACE = "llmctl-system"
AUTOSCALER = "cluster-autoscaler"
LOAD_BALANCER_CONTROLLER = "aws-load-balancer-controller"
"""Names of Deployments, and of the service accounts whose Pod Identity associations the stack makes."""

USER = 65532
"""Not root, and no user of the node's: both images hold one binary, which runs as anybody (distroless: nonroot)."""


@dataclass(frozen=True, kw_only=True)
class Controller:
    name: str
    image: Any
    command: Sequence[str]
    args: Sequence[Any]
    health: tuple[int, str]
    """Port and path that answer 200 while it lives."""

    env: Mapping[str, str]
    cpu: str
    memory: str
    volumes: Sequence[Manifest] = ()
    mounts: Sequence[Manifest] = ()


def named(kind: str, name: str, version: str = "v1", *, namespaced: bool = True, **rest: Any) -> Manifest:
    where = {"namespace": NAMESPACE} if namespaced else {}
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "llmctl"}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **where, "labels": labels}, **rest}


def namespace() -> Manifest:
    made = named("Namespace", NAMESPACE, namespaced=False)
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    made["metadata"]["labels"] |= levels
    return made


def closed() -> Manifest:
    """Nothing comes in. The kubelet's probes do: the node is no peer that a policy speaks of."""
    return named(
        "NetworkPolicy", "closed", "networking.k8s.io/v1", spec={"podSelector": {}, "policyTypes": ["Ingress"]}
    )


def service_account(name: str) -> Manifest:
    return named("ServiceAccount", name)


def role(name: str, rules: Sequence[Manifest], *, cluster: bool) -> list[Manifest]:
    """A role and its binding to the service account of the same name."""
    group, prefix = "rbac.authorization.k8s.io", "Cluster" if cluster else ""
    # Names of cluster roles are the whole cluster's, and others may have brought their own autoscaler.
    full = f"llmctl-{name}" if cluster else name
    bound = {
        "roleRef": {"apiGroup": group, "kind": f"{prefix}Role", "name": full},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}],
    }
    return [
        named(f"{prefix}Role", full, f"{group}/v1", namespaced=not cluster, rules=list(rules)),
        named(f"{prefix}RoleBinding", full, f"{group}/v1", namespaced=not cluster, **bound),
    ]


def rule(groups: str, resources: str, verbs: str, *, names: Sequence[str] = ()) -> Manifest:
    """Words are separated by blanks; `core` is the group without a name."""
    return {
        "apiGroups": ["" if group == "core" else group for group in groups.split()],
        "resources": resources.split(),
        "verbs": verbs.split(),
        **({"resourceNames": [*names]} if names else {}),
    }


READ = "get list watch"


def lease(name: str) -> list[Manifest]:
    """For the election of a leader, which a controller insists on while its pod is replaced."""
    api = "coordination.k8s.io"
    return [rule(api, "leases", "create"), rule(api, "leases", "get update patch", names=[name])]


def deployment(controller: Controller) -> Manifest:
    selected = {"app.kubernetes.io/name": controller.name}
    template = {"metadata": {"labels": dict(selected)}, "spec": _pod(controller)}
    spec = {"replicas": 1, "revisionHistoryLimit": 3, "selector": {"matchLabels": selected}, "template": template}
    return named("Deployment", controller.name, "apps/v1", spec=spec)


def _pod(controller: Controller) -> Manifest:
    return {
        "serviceAccountName": controller.name,
        "enableServiceLinks": False,
        "priorityClassName": "system-cluster-critical",
        "nodeSelector": {POOL: SYSTEM},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(controller)],
        **({"volumes": list(controller.volumes)} if controller.volumes else {}),
    }


def _container(controller: Controller) -> Manifest:
    port, path = controller.health
    probe = {"httpGet": {"path": path, "port": port}, "timeoutSeconds": 10}
    return {
        "name": controller.name,
        "image": controller.image,
        "imagePullPolicy": "IfNotPresent",
        **({"command": list(controller.command)} if controller.command else {}),
        "args": list(controller.args),
        "env": [{"name": key, "value": value} for key, value in controller.env.items()],
        "livenessProbe": {**probe, "initialDelaySeconds": 60, "failureThreshold": 3},
        "readinessProbe": probe,
        "resources": {
            "requests": {"cpu": controller.cpu, "memory": controller.memory},
            "limits": {"memory": controller.memory},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        **({"volumeMounts": list(controller.mounts)} if controller.mounts else {}),
    }
