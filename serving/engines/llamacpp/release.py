"""llama.cpp's own server, build 11312: GGUF files, on processors as well as GPUs. Its container is made in
container.py; files named below are those of ggml-org/llama.cpp at 0c1e57098."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llmctl.serving.engines.arguments import secret_flags
from llmctl.serving.engines.engine_release import EngineRelease
from llmctl.serving.engines.llamacpp import container
from llmctl.serving.engines.llamacpp import support as llamacpp
from llmctl.serving.engines.llamacpp.behaviour import BEHAVIOUR
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.disk import is_path
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec

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


def _conflicts(spec: ServingSpec, _: Accelerator | None, __: ModelFacts | None) -> Iterator[str]:
    if is_path(spec.model) and not spec.model.endswith(".gguf"):
        yield f"{spec.model} is no .gguf file, and llama.cpp serves nothing else. Convert it, or choose another engine."
    if is_path(spec.model) and spec.quantization and spec.quantization.lower() not in spec.model.lower():
        yield f"{spec.model} is quantized as it is stored, not as {spec.quantization}. Leave quantization out."
    if spec.revision:
        # common/hf-cache.cpp takes the head of the main branch.
        yield "llama.cpp fetches only the newest commit of a Hub repository. Mount the file of this revision instead."


LLAMACPP = EngineRelease(
    name=EngineName.LLAMACPP,
    title="llama.cpp",
    release=llamacpp.RELEASE,
    images=llamacpp.IMAGES,
    features=llamacpp.FEATURES,
    quantizations=llamacpp.QUANTIZATIONS,
    kv_cache_dtypes=llamacpp.KV_CACHE_DTYPES,
    compute_capabilities=llamacpp.COMPUTE_CAPABILITIES,
    settings=SETTINGS,
    refused_flags=REFUSED_FLAGS,
    metrics=llamacpp.METRICS,
    behaviour=BEHAVIOUR,
    conflicts=_conflicts,
    make_container=container.container,
)
