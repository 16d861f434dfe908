"""What changes when a model moves from one engine to another: derived from what the two engines say of themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llmctl.serving.engines.behaviour import Behaviour, Topic
from llmctl.serving.engines.container import ContainerSpec
from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.translation.container import Changed, Mapped, mapped, operations
from llmctl.serving.engines.translation.spec import Lost, translated
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import ServingSpec


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A Prometheus series that dashboards, alerts and scaling ask for. None: that engine has none."""

    word: str
    before: str | None
    after: str | None
    note: str
    """What a query must heed besides the name: labels, kind."""


@dataclass(frozen=True, kw_only=True)
class Translation:
    source: str
    to: str
    spec: ServingSpec
    """Without what the new engine does not have."""

    container: ContainerSpec | None
    blocked: str | None
    """Why the new engine cannot serve it; then there is no container."""

    mapped: tuple[Mapped, ...]
    changed: tuple[Changed, ...]
    lost: tuple[Lost, ...]
    metrics: tuple[Renamed, ...]


def translate(
    spec: ServingSpec,
    accelerator: Accelerator | None,
    source: Engine,
    to: Engine,
    facts: ModelFacts | None = None,
) -> Translation:
    """With `facts` the new engine must know the model's architecture too.

    Raises EngineError when `source` itself cannot serve `spec` on that accelerator.
    """
    before = source.container(spec, accelerator)
    kept, lost, same_flags = translated(spec, accelerator, source, to)
    after, blocked = _container(kept, accelerator, to, facts)
    return Translation(
        source=f"{source.title} {source.release}",
        to=f"{to.title} {to.release}",
        spec=kept,
        container=after,
        blocked=blocked,
        mapped=tuple(mapped(kept, source, to, before, after, {thing.what for thing in lost})) if after else (),
        changed=(
            *_meanings(spec, source.behaviour, to.behaviour),
            *(operations(before, after) if after else ()),
            *_routes(source.behaviour, to.behaviour),
            *(_same_flag(name, source, to) for name in same_flags),
        ),
        lost=lost,
        metrics=tuple(_metrics(source, to)),
    )


def _container(
    spec: ServingSpec, accelerator: Accelerator | None, to: Engine, facts: ModelFacts | None
) -> tuple[ContainerSpec | None, str | None]:
    if reason := to.refuses(spec, accelerator, facts):
        return None, reason
    try:
        return to.container(spec, accelerator), None
    except EngineError as error:
        return None, str(error)


def _meanings(spec: ServingSpec, before: Behaviour, after: Behaviour) -> Iterator[Changed]:
    unused = {
        topic
        for topic, used in {
            Topic.ADAPTERS: spec.adapters,
            Topic.SPECULATION: spec.speculation,
            Topic.QUANTIZATION: spec.quantization,
            Topic.BATCH: spec.max_batch_size,
        }.items()
        if not used
    }
    for topic in Topic:
        was, now = before.meanings[topic], after.meanings[topic]
        if topic not in unused and was != now:
            yield Changed(what=str(topic), before=was, after=now)


def _routes(before: Behaviour, after: Behaviour) -> Iterator[Changed]:
    for path, route in before.api.items():
        other = after.api.get(path)
        if other and other.shape != route.shape:
            yield Changed(what=path, before=route.shape, after=other.shape)


def _same_flag(name: str, source: Engine, to: Engine) -> Changed:
    return Changed(
        what=f"engineArgs.{name}",
        before=f"a flag of {source.title}",
        after=f"{to.title} has a flag of that name; whether it means the same is for you to read",
    )


def _metrics(source: Engine, to: Engine) -> Iterator[Renamed]:
    for word, before in source.metrics.names.items():
        after = to.metrics.names[word]
        notes = [
            f"{engine.title}: {note}" for engine in (source, to) if (note := engine.behaviour.metric_notes.get(word))
        ]
        if before or after:
            yield Renamed(word=word, before=before, after=after, note="; ".join(notes))
