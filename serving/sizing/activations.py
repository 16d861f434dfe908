"""Bytes that a forward pass needs besides weights and cache, at its peak."""

from __future__ import annotations

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.engine_memory import ENGINE_MEMORY, GIB
from llmctl.serving.sizing.load import Load, prefill_tokens, sequences
from llmctl.serving.spec import EngineName

HIDDEN_COPIES = 4
"""Copies of a layer's input that are alive at the peak. Calibrated: 4 for the allocations of vLLM 0.10.2 and 0.6.4."""

VISION_BYTES = 9 * GIB // 4
"""What the profiling of the image encoder takes in vLLM, which is done with the largest image. Calibrated on
Qwen3-VL-30B-A3B; taken for every model that has one, also in TGI and SGLang."""


def sees(facts: ModelFacts) -> bool:
    """Whether the model has an image encoder: by the name of its architecture."""
    return facts.architecture.endswith("ForConditionalGeneration")


def bytes_per_token(facts: ModelFacts, gpus: int, engine: EngineName) -> int:
    """Peak bytes per prompt token on one GPU, in 16 bits, in the feed-forward part of a layer.

    Dense: 2 * (3 * intermediate / gpus + 4 * hidden): gate and up together, their product, and copies of the input.
    Experts: 2 * (k * max(2 * width / gpus, hidden) + k * width / gpus + 4 * hidden) for k active ones: the two
    workspaces of vLLM's fused kernel (0.33.0, layers/fused_moe/fused_moe.py). llama.cpp
    computes a layer whole, on one GPU.
    """
    gpus = 1 if engine is EngineName.LLAMACPP else gpus
    inputs = HIDDEN_COPIES * facts.hidden_size
    if facts.experts:
        width, chosen = facts.expert_size or facts.intermediate_size, facts.active_experts
        experts = chosen * max(2 * width // gpus, facts.hidden_size) + chosen * width // gpus
        return 2 * (experts + inputs)
    return 2 * (3 * facts.intermediate_size // gpus + inputs)


def activations(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load) -> int:
    """Bytes on one GPU: the larger of a full prefill and of sampling, which do not overlap; and the image encoder's."""
    prefill = prefill_tokens(facts, accelerator, gpus, load) * bytes_per_token(facts, gpus, load.engine)
    if load.engine is EngineName.LLAMACPP:  # computes in 32 bits and keeps the logits of the batch
        return 2 * prefill + 4 * 512 * facts.vocabulary
    per_logit = ENGINE_MEMORY[load.engine].sampled_bytes if load.sampled_bytes is None else load.sampled_bytes
    vision = VISION_BYTES if sees(facts) else 0
    return vision + max(prefill, int(sequences(accelerator, load) * facts.vocabulary * per_logit))
