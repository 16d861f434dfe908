"""From the settings of one model to the ServedModel that its objects are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from llmctl.infra.kubernetes.weights import Local, reads_gguf
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.serving_spec import Placement, serving_spec
from llmctl.serving.engines.container import ContainerSpec, Image
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.manifests import surge
from llmctl.serving.manifests.spec import GpuCheck, Replicas, ServedModel
from llmctl.serving.manifests.startup import startup_budget
from llmctl.serving.manifests.surge import Need, NodeRoom
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.models.memory import HTTP_API, UBATCH, resident
from llmctl.serving.server.container import SLOTS
from llmctl.serving.server.container import container as own_server
from llmctl.serving.sizing.judgement import judge
from llmctl.serving.sizing.kv_cache import kv_cache
from llmctl.serving.sizing.load import Load
from llmctl.serving.spec import EngineName, HostNeeds, ServingSpec

SHOWN_SHARE = 0.95
"""Of what the driver reports as total. CUDA shows a process a little less, 0.994 of it on an H100 (accelerators.json,
visible_mib); the rest is margin, assumed."""

ENGINE_IMAGE_BYTES = 13_000_000_000
"""Of an image with CUDA and PyTorch (manifests/startup.IMAGE was measured with one of that size)."""

OWN_IMAGE_BYTES = 200_000_000
"""Of llmctl's own, without a model: measured by containers/pack.py, rounded up."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One model of a stack file with what was found out about it."""

    name: str
    """What clients ask for."""

    label: str
    """What its objects are called."""

    model: ModelSettings
    facts: ModelFacts
    where: Placement
    local: Local
    graceful_seconds: int
    """For answers in flight when a replica is replaced."""

    @property
    def own_server(self) -> bool:
        """TGI has no image for processors; llmctl's server speaks its API there."""
        return self.model.engine is EngineName.TGI and self.where.accelerator is None


def served_model(asked: Asked, server_image: Image, digest: str | None, selector: Mapping[str, str]) -> ServedModel:
    """Without surge, which depends on the other models too. Raises EngineError for what the engine lacks."""
    model, budget = asked.model, _startup_seconds(asked)
    return ServedModel(
        name=asked.label,
        served_name=asked.name,
        container=_container(asked, _spec(asked, budget, digest), server_image),
        replicas=Replicas(least=model.replicas, most=max(model.max_replicas or 0, model.replicas)),
        slots=_slots(asked),
        startup_seconds=budget,
        surge=False,
        weights=asked.local.weights,
        gpu_check=_gpu_check(asked.where, asked.model.engine),
        node_selector=selector,
    )


def with_surge(models: Sequence[ServedModel], nodes: Sequence[NodeRoom]) -> tuple[ServedModel, ...]:
    """Which of the models can have one replica more during an update, beside all replicas of all of them."""
    needs = [_need(model) for model in models]
    rest = surge.beside(needs, nodes)
    return tuple(replace(m, surge=surge.possible(need, rest)) for m, need in zip(models, needs, strict=True))


def lacking(models: Sequence[ServedModel], nodes: Sequence[NodeRoom]) -> tuple[str, ...]:
    """Of which models no replica at all finds its GPUs now, as sentences without their full stop."""
    said = (surge.lacking(model.name, _need(model), model.startup_seconds, nodes) for model in models)
    return tuple(filter(None, said))


def _need(model: ServedModel) -> Need:
    resources, selector = model.container.resources, model.node_selector
    return Need(replicas=model.replicas.least, resources=resources, node_selector=selector)


def _startup_seconds(asked: Asked) -> int:
    if asked.model.startup_seconds is not None:
        return asked.model.startup_seconds
    size = asked.local.weights.size if asked.local.weights else 0
    image = OWN_IMAGE_BYTES if asked.own_server else ENGINE_IMAGE_BYTES
    return startup_budget(image=image, weights=size, checked_gpus=asked.where.gpus).seconds


def _spec(asked: Asked, budget: int, digest: str | None) -> ServingSpec:
    """As the engine has it when the weights lie in its container: no Hub, no token, no revision."""
    made = serving_spec(asked.name, asked.model, asked.facts, asked.where)
    return replace(
        made,
        model=asked.local.path,
        revision=None,
        hub_token=False,
        quantization=None if reads_gguf(asked.model) else made.quantization,
        host=_host(asked, made.host),
        startup_seconds=budget,
        graceful_termination_seconds=asked.graceful_seconds,
        image_digest=digest,
    )


def _host(asked: Asked, sized: HostNeeds) -> HostNeeds:
    """On a processor the cache lies in the node's memory, and the threads are its cores."""
    if asked.where.gpus:
        return sized
    model, facts, slots = asked.model, asked.facts, _slots(asked)
    cache = kv_cache(facts, engine=EngineName.LLAMACPP, dtype=None, gpus=1)
    # What is listed is what is loaded; facts of a config.json have another size. On a claim nothing is listed.
    listed = asked.local.weights.size if asked.local.weights else 0
    file = listed or facts.weight_bytes
    memory = HTTP_API + resident(
        file=file,
        cache=slots * cache.request(model.max_total_tokens),
        embedding=facts.hidden_size,
        feed_forward=facts.intermediate_size,
        vocabulary=facts.vocabulary,
        slots=slots,
        ubatch=model.max_batch_prefill_tokens or UBATCH,
    )
    disk = 2 * OWN_IMAGE_BYTES + int(1.1 * file)
    return replace(sized, memory=memory, disk=disk, cpus=float(model.threads or 1))


def _slots(asked: Asked) -> int:
    """Requests that one replica works on at once: what is written, else what its memory has room for."""
    model, where = asked.model, asked.where
    if model.max_batch_size is not None:
        return model.max_batch_size
    if where.accelerator is None:
        return SLOTS
    load = Load(
        engine=model.engine,
        context=model.max_total_tokens,
        quantization=model.quantization,
        kv_cache_dtype=model.kv_cache_dtype,
        prefill_tokens=model.max_batch_prefill_tokens or where.prefill_tokens,
    )
    memory = judge(asked.facts, where.accelerator, where.gpus, load).memory
    return max(1, min(memory.requests if memory else 1, model.max_concurrent_requests))


def _container(asked: Asked, spec: ServingSpec, server_image: Image) -> ContainerSpec:
    if asked.own_server:
        return own_server(spec, server_image)
    return ENGINES[asked.model.engine].container(spec, asked.where.accelerator)


def _gpu_check(where: Placement, engine: EngineName) -> GpuCheck | None:
    if where.accelerator is None:
        return None
    return GpuCheck(engine=engine, gpus=where.gpus, memory=int(SHOWN_SHARE * where.accelerator.usable_memory))
