"""A ContainerSpec as a container of a pod: what an engine wants, under the rules that all pods of a stack keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from llmctl.serving.engines.container import ContainerSpec, Probe, Probes, Resources, SecretKey, Shutdown, Volume
from llmctl.serving.manifests import quantities
from llmctl.serving.manifests.quantities import MIB
from llmctl.serving.manifests.spec import Manifest

LEAST_KUBERNETES = (1, 30)
"""The oldest Kubernetes that these objects are for. What decides it is preStop's `sleep`, on by default since 1.30 and
stable since 1.34 (KEP-3960): `exec: sleep` would need a shell or a binary that small images do not have."""

BURST = 2
"""A container's limit of cores, as a multiple of what it asks for. Assumed: a limit there must be, or one replica's
threads (tokenizers take one per core of the node) live off its neighbours; at what it asks for itself, the scheduler
would throttle it whenever a long prompt is tokenized while the engine computes."""

LOGS = 100 * MIB
"""Disk for a container's output, which counts with its files. Twice what a kubelet keeps of it by default: five files
of 10 MiB (kubelet.config.k8s.io, containerLogMaxFiles and containerLogMaxSize)."""


def container(name: str, spec: ContainerSpec, mounts: Sequence[Manifest] = (), *, burst: float = BURST) -> Manifest:
    """One container; `mounts` come on top of the spec's own volumes."""
    return {
        "name": name,
        "image": spec.image.reference,
        "imagePullPolicy": "IfNotPresent",
        **({"command": list(spec.command)} if spec.command else {}),
        **({"args": list(spec.args)} if spec.args else {}),
        **({"env": environment(spec.env)} if spec.env else {}),
        "ports": ports(spec),
        **probes(spec.probes),
        **lifecycle(spec.shutdown),
        "resources": resources(spec.resources, burst),
        "securityContext": security(spec.run_as_user),
        "volumeMounts": [*({"name": volume.name, "mountPath": volume.path} for volume in spec.volumes), *mounts],
    }


def security(user: int | None) -> Manifest:
    """No way to more rights than the process starts with, and nothing of its image to write on. User None is root."""
    as_user = {"runAsNonRoot": True, "runAsUser": user} if user is not None else {"runAsNonRoot": False, "runAsUser": 0}
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        **as_user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def mount(name: str, path: str) -> Manifest:
    """A volume that is only read."""
    return {"name": name, "mountPath": path, "readOnly": True}


def configuration(name: str, config_map: str) -> Manifest:
    """A ConfigMap as a volume."""
    return {"name": name, "configMap": {"name": config_map}}


def environment(variables: Mapping[str, str | SecretKey]) -> list[Manifest]:
    return [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": value.secret, "key": value.key}}}
        if isinstance(value, SecretKey)
        else {"name": name, "value": value}
        for name, value in variables.items()
    ]


def ports(spec: ContainerSpec) -> list[Manifest]:
    """The metrics have a port of their own only where the engine gives them one; else they share `http`."""
    own = [{"name": "http", "containerPort": spec.port, "protocol": "TCP"}]
    if spec.metrics.port == spec.port:
        return own
    return [*own, {"name": "metrics", "containerPort": spec.metrics.port, "protocol": "TCP"}]


def metrics_port_name(spec: ContainerSpec) -> str:
    return "http" if spec.metrics.port == spec.port else "metrics"


def probes(asked: Probes) -> Manifest:
    made = {"startupProbe": asked.startup, "readinessProbe": asked.readiness, "livenessProbe": asked.liveness}
    return {key: probe(value) for key, value in made.items() if value}


def probe(asked: Probe) -> Manifest:
    return {
        "httpGet": {"path": asked.path, "port": asked.port},
        "periodSeconds": asked.period,
        "timeoutSeconds": asked.timeout,
        "failureThreshold": asked.failure_threshold,
    }


def lifecycle(shutdown: Shutdown) -> Manifest:
    """Time before SIGTERM for those who still send requests to learn of it. Zero seconds: no hook, for a `sleep` of 0
    is allowed only since 1.33 (KEP-4818)."""
    if not shutdown.pre_stop_seconds:
        return {}
    return {"lifecycle": {"preStop": {"sleep": {"seconds": shutdown.pre_stop_seconds}}}}


def resources(needs: Resources, burst: float = BURST) -> Manifest:
    """Memory, disk and GPUs as limit what they are as request: none of them can be taken back from who has them."""
    fixed: dict[str, Any] = {
        "memory": quantities.memory(needs.memory),
        "ephemeral-storage": quantities.memory(needs.disk + LOGS),
        **({needs.gpu_resource: str(needs.gpus)} if needs.gpu_resource else {}),
    }
    return {
        "requests": {"cpu": quantities.cores(needs.cpus), **fixed},
        "limits": {"cpu": quantities.cores(burst * needs.cpus), **fixed},
    }


def without_devices(needs: Resources) -> Manifest:
    """For an init container: the scheduler counts the larger of it and of what comes after."""
    return resources(replace(needs, gpu_resource=None, gpus=0))


def volume(asked: Volume) -> Manifest:
    """An empty directory that goes with the pod; its size is bounded where the engine says it."""
    return empty_directory(asked.name, asked.size, memory=asked.memory)


def empty_directory(name: str, size: int | None, *, memory: bool = False) -> Manifest:
    """`size` in bytes; a pod whose directory grows beyond it is evicted."""
    return {
        "name": name,
        "emptyDir": {
            **({"medium": "Memory"} if memory else {}),
            **({"sizeLimit": quantities.memory(size)} if size else {}),
        },
    }
