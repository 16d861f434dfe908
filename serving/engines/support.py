"""Has an engine what a spec asks for, on that accelerator: one judgement for all, from what they declare."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from llmctl.serving.engines.engine import Engine, Feature, Support, platform_of
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import ServingSpec

Table = Callable[[Engine], Support | None]
"""Where an engine says whether it has a thing."""


def first_refusal(
    engine: Engine, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None = None
) -> str | None:
    """Why `engine` cannot serve `spec` on that accelerator (None: the processor), or None. It names who could."""
    return next(_refusals(engine, spec, accelerator, facts), None)


def _refusals(
    engine: Engine, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None
) -> Iterator[str]:
    if reason := _off_its_hardware(engine, accelerator):
        others = _others(lambda other: _off_its_hardware(other, accelerator) is None)
        yield f"{engine.title} {engine.release} {reason}. {others}"
    for thing, table in _asked(spec):
        yield from _lacks(engine, thing, table, accelerator)
    if facts:
        yield from _cannot_read(engine, spec, accelerator, facts)
        yield from _does_not_know(engine, facts)


def _off_its_hardware(engine: Engine, accelerator: Accelerator | None) -> str | None:
    if platform_of(accelerator) not in engine.images:
        return f"has no image for {_where(accelerator)}"
    capability = accelerator.compute_capability if accelerator else None
    least, last = engine.compute_capabilities
    if capability is None or (least <= capability and (last is None or capability <= last)):
        return None
    limits = _dotted(least) + (f" to {_dotted(last)}" if last else " and newer")
    return f"has kernels for compute capability {limits}; {_where(accelerator)} has {_dotted(capability)}"


def _asked(spec: ServingSpec) -> Iterator[tuple[str, Table]]:
    """What the spec asks for beyond serving at all."""
    features = {
        Feature.GGUF: spec.model.endswith(".gguf"),
        Feature.TENSOR_PARALLEL: spec.gpus > 1,
        Feature.LORA: spec.adapters,
        Feature.NGRAM_SPECULATION: spec.speculation and not spec.speculation.draft_model,
        Feature.DRAFT_MODEL: spec.speculation and spec.speculation.draft_model,
        Feature.DTYPE: spec.dtype,
        # One token less than the whole is what every engine does by itself.
        Feature.PROMPT_LIMIT: (spec.max_input_tokens or spec.max_total_tokens) < spec.max_total_tokens - 1,
        Feature.API_KEY: spec.api_key,
        Feature.TRUST_REMOTE_CODE: spec.trust_remote_code,
    }
    yield from ((feature.value, _feature(feature)) for feature, asked in features.items() if asked)
    if spec.quantization:
        yield f"quantization {spec.quantization}", _quantization(spec.quantization)
    if spec.kv_cache_dtype:
        yield f"KV cache in {spec.kv_cache_dtype}", _kv_cache(spec.kv_cache_dtype)


def _feature(feature: Feature) -> Table:
    return lambda engine: engine.features.get(feature)


def _quantization(word: str) -> Table:
    return lambda engine: engine.quantizations.get(word)


def _kv_cache(word: str) -> Table:
    return lambda engine: engine.kv_cache_dtypes.get(word)


def _cannot_read(
    engine: Engine, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts
) -> Iterator[str]:
    match facts.weights_format:
        case "pickle":
            yield f"{facts.id} has pickled weights, which run code when they are read. Convert them to safetensors."
        case "gguf":
            yield from _lacks(engine, Feature.GGUF, _feature(Feature.GGUF), accelerator)
        case _:  # a config.json lies beside safetensors, or beside weights that nobody has named
            yield from _lacks(engine, Feature.SAFETENSORS, _feature(Feature.SAFETENSORS), accelerator)
    if facts.weights_format != "gguf":
        yield from _cannot_quantize(engine, spec, accelerator, facts)


def _cannot_quantize(
    engine: Engine, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts
) -> Iterator[str]:
    """Weights are stored in one format, and what the spec asks for is that, or is made of plain ones while loading."""
    stored, asked = facts.quantization.method if facts.quantization else None, spec.quantization
    if stored and asked and stored != asked:
        yield f"{facts.id} is stored in {stored}, not in {asked}. Leave quantization {asked} out."
    if stored and not asked:
        yield from _lacks(engine, f"quantization {stored}", _quantization(stored), accelerator)
    support = engine.quantizations.get(asked or stored or "")
    if support and stored and support.weights == "plain":
        yield f"{engine.title} {engine.release} quantizes to {stored} while loading and reads no weights stored so."
    if support and not stored and support.weights == "stored":
        yield (
            f"{facts.id} is not stored in {asked}, and {engine.title} does not convert it. "
            f"Choose a repository that is, or leave quantization out."
        )


def _does_not_know(engine: Engine, facts: ModelFacts) -> Iterator[str]:
    if engine.architectures.knows(facts):
        return
    last = engine.architectures.removed.get(facts.architecture)
    what = f"no {facts.architecture} any more; {last} was the last with it" if last else f"no code for {_named(facts)}"
    others = _others(lambda other: other.architectures.knows(facts))
    yield f"{engine.title} {engine.release} has {what}. {others}"


def _lacks(engine: Engine, thing: str, table: Table, accelerator: Accelerator | None) -> Iterator[str]:
    platform, capability = platform_of(accelerator), accelerator.compute_capability if accelerator else None

    def has_it(other: Engine) -> bool:
        support = table(other)
        return bool(support and support.includes(platform, capability) and not _off_its_hardware(other, accelerator))

    support = table(engine)
    if support is None:
        reason = f"has no {thing}"
    elif platform not in support.platforms:
        reason = f"has {thing}, but not on {_where(accelerator)}"
    elif support.includes(platform, capability):
        return
    else:
        least, has = _dotted(support.min_compute_capability), _dotted(capability)
        reason = f"needs compute capability {least} for {thing}; {_where(accelerator)} has {has}"
    yield f"{engine.title} {engine.release} {reason}. {_others(has_it)}"


def _others(has_it: Callable[[Engine], bool]) -> str:
    # The registry knows the engines, and the engines know this module.
    from llmctl.serving.engines.registry import others_with

    return others_with(has_it)


def _where(accelerator: Accelerator | None) -> str:
    return accelerator.title if accelerator else "the processor"


def _named(facts: ModelFacts) -> str:
    return f"{facts.architecture} ({facts.model_type})" if facts.model_type else facts.architecture


def _dotted(capability: tuple[int, int] | None) -> str:
    return ".".join(map(str, capability or ()))
