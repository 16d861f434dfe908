"""What the engines themselves say to a model on some GPUs: the seam that `size` asks before it counts memory."""

from __future__ import annotations

from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.host import host_needs
from llmctl.serving.sizing.load import Load
from llmctl.serving.spec import ServingSpec


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
