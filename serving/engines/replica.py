"""What one replica takes: its image, and its share of a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from llmctl.serving.engines.container import Image, Resources, Volume
from llmctl.serving.engines.engine import Engine, Platform, platform_of
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.spec import ServingSpec

GPU_RESOURCES: Mapping[Platform, str] = {
    Platform.CUDA: "nvidia.com/gpu",
    Platform.ROCM: "amd.com/gpu",
    Platform.NEURON: "aws.amazon.com/neuron",
}
"""What the device plugin of each platform calls its devices in Kubernetes."""


def image(engine: Engine, spec: ServingSpec, accelerator: Accelerator | None) -> Image:
    return replace(engine.images[platform_of(accelerator)], digest=spec.image_digest)


def resources(spec: ServingSpec, accelerator: Accelerator | None) -> Resources:
    return Resources(
        gpu_resource=GPU_RESOURCES.get(platform_of(accelerator)),
        gpus=spec.gpus,
        cpus=spec.host.cpus,
        memory=spec.host.memory,
        disk=spec.host.disk,
    )


def shared_memory(spec: ServingSpec, why: str) -> Volume:
    return Volume(name="shm", path="/dev/shm", memory=True, size=spec.host.shared_memory, why=why)  # noqa: S108
