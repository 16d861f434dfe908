"""An accelerator: what one GPU (or AI chip) can hold and compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Vendor(StrEnum):
    NVIDIA = "nvidia"
    AMD = "amd"
    AWS = "aws"
    """Inferentia and Trainium."""


@dataclass(frozen=True, kw_only=True)
class Accelerator:
    name: str
    """The word in stack files: l4, h100, a100-80gb. Lower case."""

    title: str
    """As its maker writes it: NVIDIA L4."""

    vendor: Vendor

    memory: int
    """Bytes the maker states (GiB where the maker says GB: an "80 GB" H100 has 80 GiB)."""

    usable_memory: int
    """Bytes the driver reports as total, ECC and reserved parts taken off."""

    visible_memory: int | None
    """Bytes of that which CUDA gives a process as total, where published logs state it."""

    bandwidth: float
    """Bytes per second of its memory."""

    flops: Mapping[str, float]
    """Dense operations per second by number format (float16, bfloat16, float8, int8, float4), without sparsity."""

    compute_capability: tuple[int, int] | None
    """CUDA compute capability, (8, 9) for L4; None where it is no NVIDIA GPU."""

    link_bandwidth: float
    """Bytes per second to the other GPUs of the node, both directions together: NVLink (AMD: Infinity Fabric,
    AWS: NeuronLink), else PCIe."""

    nvlink: bool
    other_names: tuple[str, ...]
    """What else it is called: by cloud catalogues, by nvidia-smi. Lower case."""

    source: str
    """Where the figures were read, and which of a data sheet's were halved because they count sparsity."""

    memory_source: str
    """Where `usable_memory` was read."""

    visible_source: str | None
    """Where `visible_memory` was read."""

    read_on: date
