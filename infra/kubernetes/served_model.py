"""From the settings of one model to the ServedModel that its objects are made from."""

from __future__ import annotations

from dataclasses import dataclass, replace

from llmctl.infra.kubernetes.cluster_facts import ClusterFacts
from llmctl.infra.kubernetes.weights import Local
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.serving_spec import Placement, serving_spec
from llmctl.serving.engines.container import ContainerSpec, Image
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.manifests.spec import GpuCheck, Replicas, ServedModel
from llmctl.serving.manifests.startup import startup_budget
from llmctl.serving.manifests.surge import Surge, surge
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.server.container import container as own_server
from llmctl.serving.sizing.judgement import judge
from llmctl.serving.sizing.load import Load
from llmctl.serving.spec import EngineName, HostNeeds, ServingSpec

SLOTS_ON_PROCESSOR = 8
"""Requests at once without `maxBatchSize`, as on the local target: each has its own part of the KV cache."""

SHOWN_SHARE = 0.95
"""Of a GPU's memory that it must show: the driver and ECC take a part. Assumed; an H100 shows 79.2 of its 80 GiB."""


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


def served_model(asked: Asked, cluster: ClusterFacts, server_image: Image, digest: str | None) -> tuple[ServedModel, Surge]:
    """Raises EngineError where the engine lacks what the settings ask for."""
    model = asked.model
    budget = startup_budget(asked.local.weights.size if asked.local.weights else 0, override=model.startup_seconds)
    spec = _spec(asked, budget, digest)
    decided = _surge(asked, cluster)
    return (
        ServedModel(
            name=asked.label,
            served_name=asked.name,
            container=_container(asked, spec, server_image),
            replicas=Replicas(least=model.replicas, most=max(model.max_replicas or 0, model.replicas)),
            slots=_slots(asked),
            startup_seconds=budget,
            surge=decided.possible,
            weights=asked.local.weights,
            gpu_check=_gpu_check(asked.where),
        ),
        decided,
    )


def _spec(asked: Asked, budget: int, digest: str | None) -> ServingSpec:
    """As the engine has it when the weights lie in its container: no Hub, no token, no revision."""
    made = serving_spec(asked.name, asked.model, asked.facts, asked.where)
    return replace(
        made,
        model=asked.local.path,
        revision=None,
        hub_token=False,
        quantization=None if _from_a_file(asked) else made.quantization,
        host=_host(asked, made.host),
        startup_seconds=budget,
        image_digest=digest,
    )


def _from_a_file(asked: Asked) -> bool:
    """A GGUF file is quantized already, and was chosen by that word."""
    return asked.local.path.endswith(".gguf")


def _host(asked: Asked, sized: HostNeeds) -> HostNeeds:
    """On a processor the cache lies in the node's memory and the threads are its cores."""
    if asked.where.gpus:
        return sized
    model = asked.model
    cache = asked.facts.kv_bytes_per_token * model.max_total_tokens * _slots(asked)
    memory = int(PROCESSOR_MARGIN * (asked.facts.weight_bytes + cache)) + PROCESS
    return replace(sized, memory=memory, cpus=float(model.threads or 1))


def _slots(asked: Asked) -> int:
    """Requests that one replica works on at once: what is written, else what its memory has room for."""
    model, where = asked.model, asked.where
    if model.max_batch_size is not None:
        return model.max_batch_size
    if where.accelerator is None:
        return SLOTS_ON_PROCESSOR
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
    if asked.model.engine is EngineName.TGI and asked.where.accelerator is None:
        return own_server(spec, server_image)
    return ENGINES[asked.model.engine].container(spec, asked.where.accelerator)


def _gpu_check(where: Placement) -> GpuCheck | None:
    if where.accelerator is None:
        return None
    return GpuCheck(gpus=where.gpus, memory=int(SHOWN_SHARE * where.accelerator.memory))
