"""How much of a GPU each engine takes, and what it keeps of that for itself: one EngineMemory per engine.

Every constant says where it comes from. "Read" is the engine's source at the release llmctl pins; "calibrated" was
fitted to the published measurements marked so in docs/sizing.md and holds for the others there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from llmctl.serving.spec import EngineName

MIB, GIB = 1024**2, 1024**3

VISIBLE = 0.985
"""Share of the memory nvidia-smi calls total that CUDA gives a process, where no log of that GPU states it
(Accelerator.visible_memory). Calibrated: 23.58 of 24 GiB on an RTX 3090 (vllm-project/vllm issue 10517), 44.42 of 44.99
on an L40S, 139.8 of 140.4 on an H200, as their logs say: 0.983 to 0.996."""


@dataclass(frozen=True, kw_only=True)
class EngineMemory:
    """Rules of one engine. Bytes, unless said otherwise."""

    share: float | None
    """Of the visible memory that the engine lets itself use; None: it takes what it needs (llama.cpp)."""

    share_source: str
    context: int
    """CUDA context, libraries and workspaces of one process."""

    workspace: int
    """Of the matrix library and the like, first used while or after the weights are loaded."""

    communication: int
    """Buffers of the collective library, with more than one GPU."""

    communication_hopper: int
    """The same over NVLink from compute capability 9.0 on."""

    graphs_per_layer: int
    """CUDA graphs, where the engine counts them before it sizes its cache."""

    sampled_bytes: float
    """Per vocabulary entry and sequence sampled at once, at the peak of sampling."""

    source: str


ENGINE_MEMORY: Mapping[EngineName, EngineMemory] = MappingProxyType(
    {
        EngineName.TGI: EngineMemory(
            share=0.90,
            share_source="TGI 3.3.7 server/text_generation_server/models/globals.py: TGI_WIGGLE_ROOM 0.90, of the "
            "whole GPU (utils/import_utils.py, get_cuda_free_memory)",
            context=400 * MIB,
            workspace=100 * MIB,
            communication=512 * MIB,
            communication_hopper=512 * MIB,
            graphs_per_layer=0,  # captured after the cache is made, inside the tenth that is left
            sampled_bytes=0,  # one prompt is sampled at the end of the warm-up
            source="assumed: CUDA context and graphs of 0.5 to 1 GB per GPU",
        ),
        EngineName.VLLM: EngineMemory(
            share=0.92,
            share_source="vLLM 0.33.0 vllm/config/cache.py: gpu_memory_utilization 0.92",
            context=256 * MIB,
            workspace=0,
            communication=512 * MIB,
            communication_hopper=1900 * MIB,  # 2.08 GiB on 2 and 2.17 on 4 H100s where 1 has 0.27, in 0.19.0
            graphs_per_layer=20 * MIB,
            sampled_bytes=14,  # logits in 16 bits, in 32 bits, their softmax, and a contiguous copy
            source="vLLM 0.33.0 vllm/engine/arg_utils.py (get_batch_defaults); between H100s: non-torch memory in "
            "the Capacity Planner Accuracy Report of vLLM 0.19.0 (2026); rest calibrated",
        ),
        EngineName.SGLANG: EngineMemory(
            share=None,
            share_source="SGLang 0.5.23 srt/arg_groups/memory_hook.py: mem_fraction_static",
            context=300 * MIB,
            workspace=256 * MIB,
            communication=128 * MIB,
            communication_hopper=128 * MIB,
            graphs_per_layer=0,  # inside what mem_fraction_static leaves
            sampled_bytes=0,
            source="measured by SGLang's own log: 0.13 GB after the process group is made; rest calibrated",
        ),
        EngineName.LLAMACPP: EngineMemory(
            share=None,
            share_source="llama.cpp takes what weights, cache and compute buffer need, and nothing more",
            context=512 * MIB,
            workspace=0,
            communication=0,
            communication_hopper=0,
            graphs_per_layer=0,
            sampled_bytes=0,
            source="assumed: CUDA context and cuBLAS workspace",
        ),
    }
)
