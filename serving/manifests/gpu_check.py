"""The init container in which GPUs prove themselves: in the engine's image, as its user, with its GPUs and volumes."""

from __future__ import annotations

from llmctl.serving.manifests import container, labels
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import GpuCheck, Manifest, ServedModel, StackSpec
from llmctl.serving.weights.gpu_check import DIRECTORY, command, scripts

NAME = "gpu-check"
"""The init container, and the ConfigMap and volume with the scripts."""


def checked(spec: StackSpec) -> tuple[ServedModel, ...]:
    return tuple(model for model in spec.models if model.gpu_check)


def configuration(spec: StackSpec) -> Manifest:
    metadata = labels.metadata(spec, NAME, Component.MODEL_SERVER)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(scripts())}


def init_container(model: ServedModel, check: GpuCheck) -> Manifest:
    """The GPUs that an init container has had are those that the server after it gets; none is asked for twice."""
    wanted = model.container
    home = {name: value for name, value in wanted.env.items() if name == "HOME"}
    return {
        "name": NAME,
        "image": wanted.image.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command(check, check.engine)),
        **({"env": container.environment(home)} if home else {}),
        "resources": container.resources(wanted.resources),
        "securityContext": container.security(wanted.run_as_user),
        "volumeMounts": [
            *({"name": volume.name, "mountPath": volume.path} for volume in wanted.volumes),
            container.mount(NAME, DIRECTORY),
        ],
    }


def volumes(model: ServedModel) -> list[Manifest]:
    return [container.configuration(NAME, NAME)] if model.gpu_check else []
