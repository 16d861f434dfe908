"""What moving a model of a stack to another engine would change, and the settings to move it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.serving_spec import Placement, placement, serving_spec
from llmctl.serving.engines.container import ContainerSpec
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.engines.translation.translation import Translation, translate
from llmctl.serving.hardware.accelerator import Vendor
from llmctl.serving.images.lock_file import LockFile
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.judgement import judge
from llmctl.serving.sizing.load import Load
from llmctl.serving.spec import EngineName, ServingSpec


@dataclass(frozen=True, kw_only=True)
class EngineSwitch:
    model: str
    """Its name in the stack."""

    where: Placement
    settings: Mapping[str, Any]
    """The entry below `llmctl:models:` that asks for the new engine, without what it does not have."""

    translation: Translation


def engine_switch(name: str, model: ModelSettings, facts: ModelFacts, to: EngineName, locked: LockFile) -> EngineSwitch:
    """Raises EngineError when the model's own engine cannot serve it, and what `placement` raises."""
    where = placement(model, facts)
    spec = serving_spec(name, model, facts, where)
    found = translate(spec, where.accelerator, ENGINES[model.engine], ENGINES[to], facts)
    if found.container and (reason := _does_not_fit(facts, where, to, found.spec)):
        found = replace(found, container=None, blocked=f"{reason}; llmctl size tells what does fit")
    return EngineSwitch(
        model=name,
        where=where,
        settings=_settings(model, to, found),
        translation=replace(found, container=_pinned(found.container, locked)),
    )


def _does_not_fit(facts: ModelFacts, where: Placement, to: EngineName, spec: ServingSpec) -> str | None:
    """Why the GPUs that the stack file names do not hold one request there, or None. Of Inferentia nobody knows."""
    if where.accelerator is None or where.accelerator.vendor is Vendor.AWS:
        return None
    load = Load(
        engine=to,
        context=spec.max_total_tokens,
        quantization=spec.quantization,
        kv_cache_dtype=spec.kv_cache_dtype,
        prefill_tokens=spec.max_batch_prefill_tokens,
    )
    return judge(facts, where.accelerator, where.gpus, load).reason


def _settings(model: ModelSettings, to: EngineName, found: Translation) -> dict[str, Any]:
    written = model.model_dump(by_alias=True, exclude_defaults=True)
    gone = {loss.what for loss in found.lost} | {"engineArgs"}
    kept = {key: value for key, value in written.items() if key not in gone}
    flags = {"engineArgs": dict(found.spec.engine_args)} if found.spec.engine_args else {}
    return {**kept, "engine": str(to), **flags}


def _pinned(container: ContainerSpec | None, locked: LockFile) -> ContainerSpec | None:
    """With the digest that a registry gave for its image, where one did."""
    if container is None:
        return None
    return replace(container, image=replace(container.image, digest=locked.digest(container.image.reference)))
