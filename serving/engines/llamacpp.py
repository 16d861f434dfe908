"""llama.cpp's own server, build 11312: GGUF files, on processors as well as GPUs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llmctl.serving.engines import llamacpp_support as llamacpp
from llmctl.serving.engines.architecture_list import stored_architectures
from llmctl.serving.engines.arguments import FlagValue, arguments, secret_flags
from llmctl.serving.engines.behaviour import Behaviour
from llmctl.serving.engines.behaviours.llamacpp import BEHAVIOUR
from llmctl.serving.engines.container import API_KEY, HUB_TOKEN, ContainerSpec, Image, Metrics, SecretKey, Volume
from llmctl.serving.engines.engine import Architectures, Feature, Platform, Support, platform_of
from llmctl.serving.engines.flags import FlagList, stored_flags
from llmctl.serving.engines.probes import drained_before_sigterm, health_probes
from llmctl.serving.engines.replica import image, resources
from llmctl.serving.engines.sources import is_path, sources
from llmctl.serving.engines.support import first_refusal
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec, Speculation

CACHE = "/cache"
SLOTS = 4
"""What --parallel auto means (tools/server/server.cpp); said, because the context must be a multiple of it."""

CLEANUP_SECONDS = 30
"""From SIGTERM to SIGKILL; by then no request is left."""

USER = 10001
"""The image runs as root and names no other user, and keeps no state of its own; public deployments run it as this."""

DEVICES: Mapping[Platform, str] = {Platform.CUDA: "CUDA", Platform.ROCM: "ROCm"}
"""What its devices are called, followed by their number (ggml/include/ggml-cuda.h, GGML_CUDA_NAME)."""

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("model", "model-url", "docker-repo", "hf-repo", "hf-file", "offline", "models-dir", "models-preset"),
    "servedName": ("alias",),
    "accelerator": ("device", "n-gpu-layers", "gpu-layers", "split-mode", "fit", "threads", "threads-batch"),
    "maxTotalTokens": ("ctx-size", "kv-unified", "no-kv-unified", "kv-unified-per-slot"),
    "maxBatchSize": ("parallel",),
    "maxBatchPrefillTokens": ("batch-size",),
    "kvCacheDtype": ("cache-type-k", "cache-type-v", "flash-attn"),
    "adapters": ("lora", "lora-scaled", "lora-init-without-apply"),
    "speculation": (
        "spec-type",
        "spec-draft-model",
        "model-draft",
        "spec-draft-hf",
        "hf-repo-draft",
        "spec-draft-n-max",
        "spec-ngram-simple-size-m",
    ),
    "the target": ("host", "port", "metrics"),
}

REFUSED_FLAGS: Mapping[str, str] = {
    **secret_flags(("api-key", "hf-token")),
    **dict.fromkeys(
        ("tools", "tools-runtime", "agent", "mcp-servers-config", "mcp-servers-json"),
        "lets a model read files and run commands in the container",
    ),
    **dict.fromkeys(("ui-mcp-proxy", "webui-mcp-proxy"), "forwards anybody's requests from inside the network"),
    **dict.fromkeys(("slots", "log-prompts-dir"), "shows what others have asked"),
    "props": "lets every client change the settings",
    **dict.fromkeys(
        ("help", "usage", "version", "list-devices", "cache-list", "completion-bash"), "prints something and ends"
    ),
}


class LlamaCpp:
    name: EngineName = EngineName.LLAMACPP
    title: str = "llama.cpp"
    release: str = llamacpp.RELEASE
    read_for: str = f"=={llamacpp.RELEASE}"
    images: Mapping[Platform, Image] = llamacpp.IMAGES
    features: Mapping[Feature, Support] = llamacpp.FEATURES
    quantizations: Mapping[str, Support] = llamacpp.QUANTIZATIONS
    kv_cache_dtypes: Mapping[str, Support] = llamacpp.KV_CACHE_DTYPES
    compute_capabilities: tuple[tuple[int, int], tuple[int, int] | None] = llamacpp.COMPUTE_CAPABILITIES
    settings: Mapping[str, tuple[str, ...]] = SETTINGS
    refused_flags: Mapping[str, str] = REFUSED_FLAGS
    metrics: Metrics = llamacpp.METRICS
    behaviour: Behaviour = BEHAVIOUR

    @property
    def architectures(self) -> Architectures:
        return stored_architectures(self.name)

    @property
    def flags(self) -> FlagList:
        return stored_flags(self.name)

    def container(self, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
        if reason := self.refuses(spec, accelerator):
            raise EngineError(reason)
        return ContainerSpec(
            image=image(self, spec, accelerator),
            command=(),
            args=arguments(self, spec, _own_flags(spec, platform_of(accelerator))),
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

    def refuses(
        self, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None = None
    ) -> str | None:
        return first_refusal(self, spec, accelerator, facts) or next(_conflicts(spec), None)


def _conflicts(spec: ServingSpec) -> Iterator[str]:
    if is_path(spec.model) and not spec.model.endswith(".gguf"):
        yield f"{spec.model} is no .gguf file, and llama.cpp serves nothing else. Convert it, or choose another engine."
    if is_path(spec.model) and spec.quantization and spec.quantization.lower() not in spec.model.lower():
        yield f"{spec.model} is quantized as it is stored, not as {spec.quantization}. Leave quantization out."
    if spec.revision:
        # common/hf-cache.cpp takes the head of the main branch.
        yield "llama.cpp fetches only the newest commit of a Hub repository. Mount the file of this revision instead."


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
