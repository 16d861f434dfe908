"""llmctl's own model server as a container, for processors; the image is made by containers/ in the repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from llmctl.serving.engines.arguments import FlagValue, arguments, secret_flags
from llmctl.serving.engines.container import API_KEY, ContainerSpec, Image, Metrics, SecretKey, Volume
from llmctl.serving.engines.flags import FlagList
from llmctl.serving.engines.probes import drained_by_engine, health_probes
from llmctl.serving.engines.replica import resources
from llmctl.serving.engines.tgi import support as tgi
from llmctl.serving.errors import EngineError
from llmctl.serving.models.disk import is_path
from llmctl.serving.server.settings import Settings, flags
from llmctl.serving.spec import ServingSpec

PORT = 8080
USER = 65532
"""The image's own; any other works too, since nothing in the image is written to."""

COMMAND = ("python3", "-m", "llmctl.serving.server")
SCRATCH = "/tmp"  # noqa: S108 (a volume of the container's own)

SLOTS = Settings.max_batch_size
"""Requests decoded together where the spec leaves it open; the gateway must send no more."""

CLEANUP_SECONDS = 10
"""From the last answer, or the end of the drain, to SIGKILL: llama.cpp frees its memory, or the process just ends."""

METRICS: Metrics = replace(tgi.METRICS, port=PORT)
"""TGI's names, which the server's own metrics.py has."""

HEALTH_MEANS = (
    "The model is loaded and has generated a token; before that nothing listens. llama.cpp's HTTP threads answer it "
    "without asking the model, so a hang in a computation does not show."
)
PROBES_WHY = "nothing listens before the model is warm, so the port refuses; later llama.cpp answers while it computes"
SHUTDOWN_WHY = (
    "at SIGTERM the port is closed at once, so the endpoint must be gone before; running requests then have their "
    "time, and the process ends as soon as the last one is answered"
)


@dataclass(frozen=True)
class _Flags:
    """Which flags there are, and which of them `engineArgs` may hold. `threads` is one that it may."""

    flags: FlagList
    settings: Mapping[str, tuple[str, ...]]
    refused_flags: Mapping[str, str]


FLAGS = _Flags(
    FlagList(
        engine="llmctl's model server",
        release="for TGI 3.3.7",
        source="llmctl.serving.server.settings",
        takes_value=dict.fromkeys(flags(), True),
    ),
    settings={
        "id": ("model-id", "model-file", "revision"),
        "maxTotalTokens": ("max-total-tokens",),
        "maxInputTokens": ("max-input-tokens",),
        "maxBatchSize": ("max-batch-size",),
        "maxBatchPrefillTokens": ("max-batch-prefill-tokens",),
        "maxConcurrentRequests": ("max-concurrent-requests",),
        "the target": ("hostname", "port", "runtime-dir", "graceful-termination-timeout"),
    },
    refused_flags=secret_flags(("api-key-file",)),
)


def container(spec: ServingSpec, image: Image) -> ContainerSpec:
    """The container of one replica. Raises EngineError for what this server does not have."""
    for lacking in _lacking(spec):
        raise EngineError(f"llmctl's model server, which serves on processors, {lacking}")
    return ContainerSpec(
        image=image,
        command=COMMAND,
        args=arguments(FLAGS, spec, _own_flags(spec)),
        env=_environment(spec),
        port=PORT,
        probes=health_probes("/health", PORT, spec.startup_seconds, why=PROBES_WHY),
        shutdown=drained_by_engine(spec.graceful_termination_seconds, CLEANUP_SECONDS, why=SHUTDOWN_WHY),
        volumes=(Volume(name="tmp", path=SCRATCH, why="the socket between the server and llama.cpp"),),
        resources=resources(spec, None),
        metrics=METRICS,
        health_means=HEALTH_MEANS,
        run_as_user=USER,
    )


def _own_flags(spec: ServingSpec) -> dict[str, FlagValue]:
    return {
        "model-id": spec.served_name,
        "model-file": spec.model,
        "hostname": "0.0.0.0",  # noqa: S104 (inside a container)
        "port": PORT,
        "max-total-tokens": spec.max_total_tokens,
        "max-input-tokens": spec.max_input_tokens,
        "max-batch-size": spec.max_batch_size or SLOTS,
        "max-batch-prefill-tokens": spec.max_batch_prefill_tokens,
        "max-concurrent-requests": spec.max_concurrent_requests,
        "graceful-termination-timeout": spec.graceful_termination_seconds,
        # It would take a thread per core of the node, whatever the container may use, and be throttled.
        "threads": max(1, int(spec.host.cpus)),
    }


def _environment(spec: ServingSpec) -> dict[str, str | SecretKey]:
    return {"HOME": SCRATCH, **({"API_KEY": API_KEY} if spec.api_key else {})}


def _lacking(spec: ServingSpec) -> Iterator[str]:
    """What the spec asks for and the server has not: the end of a sentence, with the way out."""
    if spec.accelerator is not None or spec.gpus:
        yield f"does not use {spec.accelerator}. Choose the accelerator cpu, or another engine."
    if not is_path(spec.model) or not spec.model.endswith(".gguf"):
        yield f"loads one .gguf file from the container's disk, and {spec.model} is none. Choose a model in GGUF."
    if spec.quantization and spec.quantization.lower() not in spec.model.lower():
        yield f"takes a model as it is stored, and {spec.model} is not in {spec.quantization}. Leave quantization out."
    for setting, asked in (("dtype", spec.dtype), ("kvCacheDtype", spec.kv_cache_dtype)):
        if asked:
            yield f"takes a model as it is stored. Leave {setting} out."
    if spec.adapters:
        yield "has no LoRA adapters. Leave adapters out."
    if spec.speculation:
        yield "has no speculative decoding. Leave speculation out."
