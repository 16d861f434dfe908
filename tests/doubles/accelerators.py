"""Accelerators for tests of the engines. What an engine looks at is real; sizes and speeds are made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from llmctl.serving.hardware.accelerator import Accelerator, Vendor

L4 = Accelerator(
    name="l4",
    title="NVIDIA L4",
    vendor=Vendor.NVIDIA,
    memory=24 << 30,
    usable_memory=23 << 30,
    bandwidth=300e9,
    flops={},
    compute_capability=(8, 9),
    link_bandwidth=64e9,
    nvlink=False,
    other_names=(),
    source="a double",
    memory_source="a double",
    read_on=date(2026, 11, 24),
)
T4 = replace(L4, name="t4", title="NVIDIA T4", compute_capability=(7, 5))
A100 = replace(L4, name="a100-80gb", title="NVIDIA A100 80GB", compute_capability=(8, 0))
H100 = replace(L4, name="h100", title="NVIDIA H100", compute_capability=(9, 0))
B200 = replace(L4, name="b200", title="NVIDIA B200", compute_capability=(10, 0))
MI300X = replace(L4, name="mi300x", title="AMD Instinct MI300X", vendor=Vendor.AMD, compute_capability=None)
INFERENTIA2 = replace(MI300X, name="inferentia2", title="AWS Inferentia2", vendor=Vendor.AWS)
