"""docs/sizing.md: its prose from templates/sizing.md, its tables from the code and the published measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

from llmctl.serving.hardware.accelerator import Vendor
from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.sizing.engine_memory import ENGINE_MEMORY, GIB, MIB
from llmctl.serving.sizing.expert_kernels import (
    AITER,
    FLASHINFER,
    MARLIN,
    SOURCE,
    TRITON,
    TRITON_AS_STORED,
    TRITON_KEEPING_SCALES,
    ExpertKernel,
    chosen_kernel,
)
from llmctl.serving.sizing.weights import weights_per_gpu
from llmctl.serving.spec import EngineName

HERE = Path(__file__).parent
GPT_OSS_120B = catalogue()["openai/gpt-oss-120b"]
GPUS = [
    each
    for each in accelerators().values()
    if each.vendor is not Vendor.AWS and (each.compute_capability or (8, 0)) >= (8, 0)
]
"""That the engines take mxfp4 on."""

sys.path.insert(0, str(HERE.parent / "tests"))  # where the published measurements are

from drivers.measurements import Measurement, measurements  # noqa: E402


def page() -> str:
    rows = measurements()
    template = (HERE / "templates" / "sizing.md").read_text(encoding="utf-8")
    measured = [row for row in rows if row.tokens is not None]
    return template.format(
        engines="\n".join(_engines()),
        kernels="\n".join(_kernels()),
        vllm_kernels=SOURCE[EngineName.VLLM],
        sglang_kernels=SOURCE[EngineName.SGLANG],
        summary="\n".join(_summary(measured, role) for role in ("calibration", "held-out")),
        measured="\n".join(
            f"| {_run(row)} | {row.role} | {row.tokens:,} | {row.sized.kv_tokens:,} | {row.error:+.1%} "
            f"| {_source(row)} |"
            for row in measured
        ),
        out_of_memory="\n".join(
            f"| {_run(row)} | {row.sized.requests} | {_source(row)} |" for row in rows if row.tokens is None
        ),
    )


def _engines() -> list[str]:
    return [
        f"| {name} | {rule.share or 'see above'} | {rule.context // MIB} | {rule.workspace // MIB} "
        f"| {rule.communication // MIB} | {rule.communication_hopper // MIB} "
        f"| {rule.graphs_per_layer // MIB} | {rule.sampled_bytes:g} | {rule.source} |"
        for name, rule in ENGINE_MEMORY.items()
    ]


def _kernels() -> list[str]:
    return [
        f"| {kernel.name} | {kernel.hidden} | {kernel.intermediate} | {_scales(kernel)} | {kernel.bias_bytes} "
        f"| {weights_per_gpu(GPT_OSS_120B, None, 1, EngineName.VLLM, kernel) / GIB:.2f} | {_taken(kernel)} |"
        for kernel in (TRITON, TRITON_KEEPING_SCALES, TRITON_AS_STORED, MARLIN, FLASHINFER, AITER)
    ]


def _scales(kernel: ExpertKernel) -> str:
    if kernel.scale_rows == 1:
        return "as the values"
    tiles = f"{kernel.scale_rows} rows, {kernel.scale_columns} to a row"
    return f"{tiles}; and as stored" if kernel.scales_kept else tiles


def _taken(kernel: ExpertKernel) -> str:
    """`vllm on sm 8.0, 12.0`: by compute capability of the accelerators we know."""
    found = []
    for engine in SOURCE:
        chosen = {each.compute_capability for each in GPUS if chosen_kernel(GPT_OSS_120B, each, engine) is kernel}
        names = [f"sm {major}.{minor}" for major, minor in sorted(filter(None, chosen))] + ["AMD"] * (None in chosen)
        found += [f"{engine} on {', '.join(names)}"] if names else []
    return "; ".join(found) or "-"


def _summary(measured: list[Measurement], role: str) -> str:
    errors = [abs(row.error) for row in measured if row.role == role]
    return f"| {role} | {len(errors)} | {median(errors):.1%} | {max(errors):.1%} |"


def _run(row: Measurement) -> str:
    return f"{row.engine} {row.version} | {row.name} | {row.gpus} x {row.gpu} | {row.settings}"


def _source(row: Measurement) -> str:
    return f"{row.source}, {row.published}: “{row.quoted}”"
