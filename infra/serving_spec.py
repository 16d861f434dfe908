"""From the settings of one model to the ServingSpec of its replicas, and to the GPUs that `accelerator` means."""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.infra.model_settings import ModelSettings
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.hardware.accelerators import accelerator, accelerators
from llmctl.serving.hardware.machine_types import machine_types
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.capability import engine_refuses
from llmctl.serving.sizing.host import host_needs
from llmctl.serving.sizing.question import Question
from llmctl.serving.sizing.size import cheapest
from llmctl.serving.spec import Adapter, ServingSpec, Speculation


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What one replica runs on."""

    accelerator: Accelerator | None
    """None: the processor."""

    gpus: int
    prefill_tokens: int | None = None
    """Prompt tokens at once that make it fit, where the engine's default would not."""

    why: str
    """One line, for the plan and for what follows from it."""


def placement(model: ModelSettings, facts: ModelFacts) -> Placement:
    """What the model's `accelerator` means; for auto the cheapest that fits, of all clouds and regions.

    Raises HardwareError for an accelerator that is not known, SizingError where nothing fits.
    """
    _question(model).load(facts)  # a context that the model does not take is wrong on any GPU
    if model.accelerator == "cpu":
        return Placement(accelerator=None, gpus=0, why="on the processor")
    if model.accelerator == "auto":
        choice = cheapest(facts, _question(model), machine_types(), accelerators(), engine_refuses=engine_refuses)
        fit = choice.fit
        return Placement(
            accelerator=fit.accelerator, gpus=fit.gpus, prefill_tokens=fit.prefill_tokens, why=f"auto: {choice.why}"
        )
    name, _, count = model.accelerator.partition(":")
    return Placement(accelerator=accelerator(name), gpus=int(count or 1), why=f"on {model.accelerator}")


def serving_spec(name: str, model: ModelSettings, facts: ModelFacts, where: Placement) -> ServingSpec:
    """The settings of the model, in the words of the engines."""
    speculation = model.speculation
    return ServingSpec(
        model=model.id,
        served_name=name,
        revision=model.revision,
        accelerator=where.accelerator.name if where.accelerator else None,
        gpus=where.gpus,
        max_total_tokens=model.max_total_tokens,
        max_input_tokens=model.max_input_tokens,
        max_batch_size=model.max_batch_size,
        max_batch_prefill_tokens=model.max_batch_prefill_tokens or where.prefill_tokens,
        max_concurrent_requests=model.max_concurrent_requests,
        dtype=model.dtype,
        quantization=model.quantization,
        kv_cache_dtype=model.kv_cache_dtype,
        adapters=tuple(Adapter(name=each, source=source) for each, source in model.adapters.items()),
        speculation=Speculation(tokens=speculation.tokens, draft_model=speculation.draft_model)
        if speculation
        else None,
        trust_remote_code=model.trust_remote_code,
        hub_token=bool(facts.gated),
        host=host_needs(facts, where.gpus),
        engine_args=model.engine_args,
    )


def _question(model: ModelSettings) -> Question:
    return Question(
        context=model.max_total_tokens,
        concurrency=model.max_batch_size,
        quantization=model.quantization,
        engine=model.engine,
        kv_cache_dtype=model.kv_cache_dtype,
        prefill_tokens=model.max_batch_prefill_tokens,
    )
