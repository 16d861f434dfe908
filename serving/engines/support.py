"""What is asked of an engine, held against what it has: the first thing it lacks, in one line."""

from __future__ import annotations

from collections.abc import Iterator

from llmctl.serving.engines.engine import Engine, Feature, Support, platform_of
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import ServingSpec


def check(engine: Engine, spec: ServingSpec, accelerator: Accelerator | None) -> None:
    """Raises EngineError with the first reason why `engine` cannot serve `spec` there."""
    if reason := first_refusal(engine, spec, accelerator):
        raise EngineError(f"{reason}.")


def first_refusal(
    engine: Engine, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None = None
) -> str | None:
    """Why `engine` cannot serve `spec` on that accelerator (None: the processor), or None."""
    return next(_refusals(engine, spec, accelerator, facts), None)


def _refusals(
    engine: Engine, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None
) -> Iterator[str]:
    platform = platform_of(accelerator)
    where = accelerator.title if accelerator else "the processor"
    if platform not in engine.images:
        yield f"{engine.title} {engine.release} has no image for {where}"
    if accelerator and (limits := _outside(engine, accelerator)):
        yield f"{engine.title} {engine.release} has kernels for compute capability {limits}, which {where} is not in"
    for word, support in _asked(engine, spec):
        if support is None:
            yield f"{engine.title} {engine.release} has no {word}"
        elif platform not in support.platforms:
            yield f"{engine.title} {engine.release} has {word}, but not on {where}"
        elif accelerator and (least := _newer_than(support, accelerator)):
            yield f"{word} in {engine.title} {engine.release} needs compute capability {least} or newer"
    if facts and (last := engine.architectures.removed.get(facts.architecture)):
        yield f"{engine.title} {engine.release} has no {facts.architecture} any more; {last} was the last with it"


def _asked(engine: Engine, spec: ServingSpec) -> Iterator[tuple[str, Support | None]]:
    for feature in _features(spec):
        yield str(feature), engine.features.get(feature)
    if spec.quantization:
        yield f"quantization {spec.quantization}", engine.quantizations.get(spec.quantization)
    if spec.kv_cache_dtype:
        yield f"KV cache in {spec.kv_cache_dtype}", engine.kv_cache_dtypes.get(spec.kv_cache_dtype)


def _features(spec: ServingSpec) -> Iterator[Feature]:
    yield Feature.GGUF if spec.model.endswith(".gguf") else Feature.SAFETENSORS
    if spec.gpus > 1:
        yield Feature.TENSOR_PARALLEL
    if spec.adapters:
        yield Feature.LORA
    if spec.speculation:
        yield Feature.DRAFT_MODEL if spec.speculation.draft_model else Feature.NGRAM_SPECULATION
    if spec.trust_remote_code:
        yield Feature.TRUST_REMOTE_CODE
    if spec.api_key:
        yield Feature.API_KEY


def _outside(engine: Engine, accelerator: Accelerator) -> str | None:
    """The range of compute capabilities that the image has kernels for, where the accelerator is not in it."""
    least, last = engine.compute_capabilities
    capability = accelerator.compute_capability
    if capability is None or (least <= capability and (last is None or capability <= last)):
        return None
    return _version(least) + (f" to {_version(last)}" if last else " and newer")


def _newer_than(support: Support, accelerator: Accelerator) -> str | None:
    """The compute capability that is needed, where the accelerator has less."""
    least, capability = support.min_compute_capability, accelerator.compute_capability
    return _version(least) if least and capability and capability < least else None


def _version(capability: tuple[int, int]) -> str:
    return f"{capability[0]}.{capability[1]}"
