"""What the engines themselves say to a model on some GPUs: `size` asks before it counts memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.host import host_needs
from llmctl.serving.sizing.load import Load
from llmctl.serving.spec import EngineName, ServingSpec


def engine_refuses(facts: ModelFacts, load: Load, accelerator: Accelerator, gpus: int) -> str | None:
    """Why the engine of the load cannot serve the model on that many of these GPUs, memory aside; None: it can."""
    spec = ServingSpec(
        model=facts.id,
        served_name=facts.id,
        accelerator=accelerator.name,
        gpus=gpus,
        max_total_tokens=load.context,
        quantization=load.quantization,
        kv_cache_dtype=load.kv_cache_dtype,
        trust_remote_code=facts.remote_code,
        host=host_needs(facts, gpus),
    )
    return ENGINES[load.engine].refuses(spec, accelerator, facts)


@dataclass(frozen=True)
class EngineChoice:
    engine: EngineName
    why: str | None
    """What the default engine says to the model, where it is not the one chosen."""


def engine_for(facts: ModelFacts, load: Load, asked: EngineName | None) -> EngineChoice:
    """The engine asked for; None: the first that serves the model on an H100, which all have kernels for.

    TGI comes first, being the default of stacks; then the others in the order of EngineName. Where none can, TGI tells.
    """
    if asked is not None:
        return EngineChoice(asked, None)
    gpu = accelerators()["h100"]
    reasons = {name: engine_refuses(facts, replace(load, engine=name), gpu, 1) for name in EngineName}
    first = next((name for name, reason in reasons.items() if reason is None), EngineName.TGI)
    return EngineChoice(first, reasons[EngineName.TGI] if first is not EngineName.TGI else None)
