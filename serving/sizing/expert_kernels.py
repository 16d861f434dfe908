"""ExpertKernel: how experts stored as mxfp4 lie in GPU memory. Each kernel wants its own shapes, which are filled up.

What an engine takes by itself is read at the releases llmctl pins. gpt-oss-120b is 60.8 GiB on disk and 61.0 to 66.0 in
vLLM, as the kernel has it: on a GPU that is nearly full, this decides.
"""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName

BLOCK = 32
"""Weights that share a scale of one byte (OCP Microscaling 1.0)."""


@dataclass(frozen=True, kw_only=True)
class ExpertKernel:
    """Shapes of the two matrices of an expert on one GPU: gate and up, 2 * intermediate x hidden; down, the reverse."""

    name: str
    hidden: int
    """Multiple to which the hidden size is filled up."""

    intermediate: int
    """Multiple to which the intermediate size on each GPU is filled up."""

    scale_rows: int = 1
    """Multiple to which the rows of scales are filled up."""

    scale_columns: int = 1
    """Multiple to which the scales of one row are filled up."""

    scales_kept: bool = False
    """Whether the scales also stay as they were stored."""

    bias_bytes: int = 2
    """Of one number of the biases; 2 as stored."""

    def growth(self, facts: ModelFacts, gpus: int) -> int:
        """Bytes on each GPU beyond its share of what is stored."""
        size = facts.expert_size or facts.intermediate_size
        stored = _expert(facts.hidden_size, size) + 2 * (2 * size + facts.hidden_size)
        return facts.layers * facts.experts * (self._bytes(facts.hidden_size, -(-size // gpus)) - stored // gpus)

    def _bytes(self, hidden: int, intermediate: int) -> int:
        """Of one expert: values in 4 bits, scales, biases."""
        hidden, intermediate = _up(hidden, self.hidden), _up(intermediate, self.intermediate)
        plain = 3 * hidden * intermediate // BLOCK
        gate_and_up = _up(2 * intermediate, self.scale_rows) * _up(hidden // BLOCK, self.scale_columns)
        down = _up(hidden, self.scale_rows) * _up(intermediate // BLOCK, self.scale_columns)
        biases = self.bias_bytes * (2 * intermediate + hidden)
        return 3 * hidden * intermediate // 2 + gate_and_up + down + self.scales_kept * plain + biases


def _expert(hidden: int, intermediate: int) -> int:
    """Bytes of the values and scales of one expert as they are stored."""
    weights = 3 * hidden * intermediate
    return weights // 2 + weights // BLOCK


def _up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


MARLIN = ExpertKernel(name="Marlin", hidden=256, intermediate=128)
FLASHINFER = ExpertKernel(name="FlashInfer", hidden=256, intermediate=128, bias_bytes=4)
AITER = ExpertKernel(name="AITER", hidden=256, intermediate=256, bias_bytes=4)
TRITON = ExpertKernel(name="Triton", hidden=64, intermediate=64, scale_rows=256, scale_columns=4, bias_bytes=4)
"""On Hopper, where the scales are turned into tiles of 256 rows."""

TRITON_KEEPING_SCALES = ExpertKernel(
    name="Triton, scales kept twice",
    hidden=64,
    intermediate=64,
    scale_rows=256,
    scale_columns=4,
    scales_kept=True,
    bias_bytes=4,
)
"""vLLM before its pull request 46549 (2026-06-24), which frees the scales that were stored; SGLang."""

TRITON_AS_STORED = ExpertKernel(name="Triton, as stored", hidden=BLOCK, intermediate=64, bias_bytes=4)
"""Below Hopper, where neither values nor scales are turned into tiles."""

CHOICE = {
    EngineName.VLLM: (((12, 0), MARLIN), ((10, 0), FLASHINFER), ((9, 0), TRITON), ((0, 0), MARLIN)),
    EngineName.SGLANG: (((10, 0), FLASHINFER), ((9, 0), TRITON_KEEPING_SCALES), ((0, 0), TRITON_AS_STORED)),
}
"""Compute capability from which an engine takes a kernel for gpt-oss, highest first."""

SOURCE = {
    EngineName.VLLM: "vLLM 0.33.0 vllm/model_executor/layers/fused_moe/oracle/mxfp4.py",
    EngineName.SGLANG: "SGLang 0.5.23 srt/arg_groups/model_overrides/gpt_oss.py, layers/quantization/mxfp4.py",
}


def chosen_kernel(facts: ModelFacts, accelerator: Accelerator, engine: EngineName) -> ExpertKernel | None:
    """What the engine takes by itself in its own image; None where the weights lie as they are stored.

    vLLM gives other models than gpt-oss a kernel on Hopper (Humming) whose shapes were not read: Marlin's stand for it.
    """
    stored = facts.quantization
    if stored is None or stored.method != "mxfp4" or not facts.experts or engine not in CHOICE:
        return None
    capability = accelerator.compute_capability
    if capability is None:
        return AITER
    kernel = next(kernel for least, kernel in CHOICE[engine] if capability >= least)
    return MARLIN if kernel is TRITON and facts.model_type != "gpt_oss" else kernel
