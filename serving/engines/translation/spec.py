"""A spec without what another engine does not have, and what that was."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from llmctl.serving.engines.engine import Engine, Feature, Support, platform_of
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.spec import ServingSpec


@dataclass(frozen=True, kw_only=True)
class Lost:
    what: str
    why: str
    instead: str
    """What comes nearest; empty where nothing does."""


FIELDS: Mapping[str, str] = {
    "maxInputTokens": "max_input_tokens",
    "maxBatchSize": "max_batch_size",
    "maxBatchPrefillTokens": "max_batch_prefill_tokens",
    "maxConcurrentRequests": "max_concurrent_requests",
    "dtype": "dtype",
    "quantization": "quantization",
    "kvCacheDtype": "kv_cache_dtype",
    "adapters": "adapters",
    "speculation": "speculation",
    "trustRemoteCode": "trust_remote_code",
    "apiKey": "api_key",
}
"""Setting of a stack -> field of ServingSpec, where an engine may lack it."""

INSTEAD: Mapping[str, str] = {
    "maxInputTokens": "maxTotalTokens bounds prompt and answer together; the gateway can bound the prompt",
    "maxConcurrentRequests": "the gateway's queue and limits",
    "speculation": "without it the answers are the same, slower for few requests at a time",
    "apiKey": "the gateway's keys",
    "adapters": "a model with the adapter merged into its weights",
    "dtype": "the number format that the model is stored in",
}

INSTEAD_OF_FEATURE: Mapping[Feature, str] = {
    Feature.SAFETENSORS: "a GGUF of the same model: another id",
    Feature.GGUF: "the safetensors repository that the GGUF was made from: another id",
}


def translated(
    spec: ServingSpec, accelerator: Accelerator | None, source: Engine, to: Engine
) -> tuple[ServingSpec, tuple[Lost, ...], tuple[str, ...]]:
    """The spec that is left for `to`; what is lost; and engineArgs that `to` has under the same name."""
    missing = {setting: why for setting in FIELDS if (why := _missing(spec, setting, accelerator, source, to))}
    same = tuple(name for name in spec.engine_args if _passes(name, to))
    kept = replace(
        spec,
        image_digest=None,  # of the source's image
        engine_args={name: spec.engine_args[name] for name in same},
        **{FIELDS[setting]: _default(FIELDS[setting]) for setting in missing},
    )
    lost = (
        *(Lost(what=setting, why=why, instead=_instead(setting, accelerator, to)) for setting, why in missing.items()),
        *(_lost_flag(name, source, to) for name in spec.engine_args if name not in same),
        *_lost_features(spec, accelerator, source, to),
        *_lost_routes(source, to),
    )
    return kept, lost, same


def _missing(
    spec: ServingSpec, setting: str, accelerator: Accelerator | None, source: Engine, to: Engine
) -> str | None:
    """Why `to` cannot be told about a setting that the spec makes use of, or None."""
    value = getattr(spec, FIELDS[setting])
    # One token less than the whole is what every engine does by itself.
    if not value or (setting == "maxInputTokens" and value >= spec.max_total_tokens - 1):
        return None
    name = f"{to.title} {to.release}"
    if setting == "quantization":
        return None if _works(to.quantizations.get(value), accelerator) else f"{name} has no {value}"
    if setting == "kvCacheDtype":
        return None if _works(to.kv_cache_dtypes.get(value), accelerator) else f"{name} has no KV cache in {value}"
    feature = _feature(spec, setting)
    if feature:
        return None if _works(to.features.get(feature), accelerator) else f"{name} has no {feature}"
    # A limit that the old engine did not keep either is not lost now.
    return f"{name} has no such limit" if setting in set(source.settings) - set(to.settings) else None


def _feature(spec: ServingSpec, setting: str) -> Feature | None:
    if setting == "speculation" and spec.speculation:
        return Feature.DRAFT_MODEL if spec.speculation.draft_model else Feature.NGRAM_SPECULATION
    return {
        "maxInputTokens": Feature.PROMPT_LIMIT,
        "dtype": Feature.DTYPE,
        "adapters": Feature.LORA,
        "trustRemoteCode": Feature.TRUST_REMOTE_CODE,
        "apiKey": Feature.API_KEY,
    }.get(setting)


def _works(support: Support | None, accelerator: Accelerator | None) -> bool:
    capability = accelerator.compute_capability if accelerator else None
    return support is not None and support.includes(platform_of(accelerator), capability)


def _default(name: str) -> Any:
    return next(field.default for field in fields(ServingSpec) if field.name == name)


def _instead(setting: str, accelerator: Accelerator | None, to: Engine) -> str:
    if setting == "quantization":
        words = [w for w, s in to.quantizations.items() if s.weights != "stored" and _works(s, accelerator)]
    elif setting == "kvCacheDtype":
        words = [word for word, support in to.kv_cache_dtypes.items() if _works(support, accelerator)]
    else:
        return INSTEAD.get(setting, "")
    other = f", or {' or '.join(words)}" if words else ""
    return f"as the model is stored, which takes more memory: run `llmctl size` again{other}"


def _passes(name: str, to: Engine) -> bool:
    decided = {flag for flags in to.settings.values() for flag in flags} | set(to.refused_flags)
    return name not in decided and name in to.flags.takes_value


def _lost_flag(name: str, source: Engine, to: Engine) -> Lost:
    owner = next((setting for setting, flags in to.settings.items() if name in flags), None)
    if owner:
        why = f"decided by {owner}"
    elif name in to.refused_flags:
        why = f"--{name} {to.refused_flags[name]}"
    else:
        why = f"{to.title} {to.release} has no such flag"
    return Lost(what=f"engineArgs.{name}", why=why, instead="" if owner else _counterpart(name, source, to))


def _counterpart(name: str, source: Engine, to: Engine) -> str:
    for knob, flag in source.behaviour.knobs.items():
        if flag == name and knob in to.behaviour.knobs:
            return f"{to.behaviour.knobs[knob]} ({knob}), whose values are others"
    near = difflib.get_close_matches(name, to.flags.takes_value, n=3)
    return f"similar names, to be read first: {', '.join(near)}" if near else ""


def _lost_features(spec: ServingSpec, accelerator: Accelerator | None, source: Engine, to: Engine) -> Iterator[Lost]:
    told = {_feature(spec, setting) for setting in FIELDS if getattr(spec, FIELDS[setting])}
    for feature, support in source.features.items():
        if feature not in told and _works(support, accelerator) and not _works(to.features.get(feature), accelerator):
            yield Lost(
                what=str(feature),
                why=f"{to.title} {to.release} does not have it",
                instead=INSTEAD_OF_FEATURE.get(feature, ""),
            )


def _lost_routes(source: Engine, to: Engine) -> Iterator[Lost]:
    for path, route in source.behaviour.api.items():
        if path in to.behaviour.api:
            continue
        others = [f"{other}: {found.shape}" for other, found in to.behaviour.api.items() if found.serves(route.purpose)]
        yield Lost(
            what=path,
            why=f"{to.title} has no such route for {route.purpose}: {route.shape}",
            instead=" or ".join(others),
        )
