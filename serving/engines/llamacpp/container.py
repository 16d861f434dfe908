"""The container of llama.cpp's server, build 11312, with the reason beside whatever is not plain."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.serving.engines.arguments import FlagValue, arguments
from llmctl.serving.engines.container import API_KEY, HUB_TOKEN, ContainerSpec, SecretKey, Volume
from llmctl.serving.engines.engine import Engine, Platform, platform_of
from llmctl.serving.engines.llamacpp import support as llamacpp
from llmctl.serving.engines.probes import drained_before_sigterm, health_probes
from llmctl.serving.engines.replica import image, resources
from llmctl.serving.engines.sources import sources
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.disk import is_path
from llmctl.serving.spec import ServingSpec, Speculation

CACHE = "/cache"
SLOTS = 4
"""What --parallel auto means (tools/server/server.cpp); said, because the context must be a multiple of it."""

CLEANUP_SECONDS = 30
"""From SIGTERM to SIGKILL; by then no request is left."""

USER = 10001
"""The image runs as root and names no other user, and keeps no state of its own; public deployments run it as this."""

DEVICES: Mapping[Platform, str] = {Platform.CUDA: "CUDA", Platform.ROCM: "ROCm"}
"""What its devices are called, followed by their number (ggml/include/ggml-cuda.h, GGML_CUDA_NAME)."""


def container(engine: Engine, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
    return ContainerSpec(
        image=image(engine, spec, accelerator),
        command=(),
        args=arguments(engine, spec, _own_flags(spec, platform_of(accelerator))),
        env=_environment(spec),
        port=llamacpp.PORT,
        probes=health_probes(
            "/health",
            llamacpp.PORT,
            spec.startup_seconds,
            why="503 while the model loads, then 200 without asking it",
        ),
        shutdown=drained_before_sigterm(
            spec.graceful_termination_seconds,
            CLEANUP_SECONDS,
            why="SIGTERM ends the loop between two tokens and cuts off whatever runs, so requests end before it",
        ),
        volumes=(
            Volume(
                name="cache", path=CACHE, why="HOME: files from the Hub, and what the CUDA driver compiles from PTX"
            ),
            Volume(name="tmp", path="/tmp", why="temporary files"),  # noqa: S108
        ),
        resources=resources(spec, accelerator),
        metrics=llamacpp.METRICS,
        health_means=llamacpp.HEALTH_MEANS,
        run_as_user=USER,
    )


def _own_flags(spec: ServingSpec, platform: Platform) -> dict[str, FlagValue]:
    slots = spec.max_batch_size or SLOTS
    return {
        **_model(spec),
        "alias": spec.served_name,
        "host": "0.0.0.0",  # noqa: S104 (inside a container)
        "port": llamacpp.PORT,
        # Split evenly, so that each slot has room for a whole request; unified, one long request starves the others.
        "ctx-size": slots * spec.max_total_tokens,
        "parallel": slots,
        "no-kv-unified": True,
        "batch-size": spec.max_batch_prefill_tokens,
        **_devices(spec, platform),
        # It would take a thread per core of the node, whatever the container may use, and be throttled.
        "threads": max(1, int(spec.host.cpus)),
        **_kv_cache(spec.kv_cache_dtype),
        **_speculation(spec.speculation),
        "metrics": True,
        # /slots shows running prompts to everyone, and is on by default; so is a web page.
        "no-slots": True,
        "no-ui": True,
    }


def _model(spec: ServingSpec) -> dict[str, FlagValue]:
    if is_path(spec.model):
        return {"model": spec.model, "offline": all(map(is_path, sources(spec)))}
    return {"hf-repo": f"{spec.model}:{spec.quantization}" if spec.quantization else spec.model}


def _devices(spec: ServingSpec, platform: Platform) -> dict[str, FlagValue]:
    """All layers on GPUs named one by one, or the start fails.

    By default a GPU that is not found is a warning, and --fit leaves on the processor what does not fit: both show only
    as slowness.
    """
    if platform not in DEVICES:
        return {}
    devices = ",".join(f"{DEVICES[platform]}{index}" for index in range(spec.gpus))
    split = "layer" if spec.gpus > 1 else "none"
    return {"device": devices, "n-gpu-layers": "all", "fit": "off", "split-mode": split}


def _kv_cache(dtype: str | None) -> dict[str, FlagValue]:
    return {"cache-type-k": dtype, "cache-type-v": dtype, "flash-attn": "on"} if dtype else {}


def _speculation(speculation: Speculation | None) -> dict[str, FlagValue]:
    if speculation is None:
        return {}
    draft = speculation.draft_model
    if draft is None:
        return {"spec-type": "ngram-simple", "spec-ngram-simple-size-m": speculation.tokens}
    source = "spec-draft-model" if is_path(draft) else "spec-draft-hf"
    return {"spec-type": "draft-simple", source: draft, "spec-draft-n-max": speculation.tokens}


def _environment(spec: ServingSpec) -> dict[str, str | SecretKey]:
    env: dict[str, str | SecretKey] = {"HOME": CACHE, "LLAMA_CACHE": f"{CACHE}/llama.cpp"}
    if spec.hub_token:
        env["HF_TOKEN"] = HUB_TOKEN
    if spec.api_key:
        env["LLAMA_API_KEY"] = API_KEY
    return env
