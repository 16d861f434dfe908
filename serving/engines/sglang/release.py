"""SGLang, read at 0.5.23: its wheel on PyPI (paths below are inside it) and that of sglang-kernel 0.4.10."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llmctl.serving.engines.arguments import secret_flags
from llmctl.serving.engines.engine_release import EngineRelease
from llmctl.serving.engines.sglang import container
from llmctl.serving.engines.sglang import support as sglang
from llmctl.serving.engines.sglang.behaviour import BEHAVIOUR
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("model-path", "model", "tokenizer-path"),
    "revision": ("revision",),
    "servedName": ("served-model-name",),
    "accelerator": (
        "tp-size",
        "tensor-parallel-size",
        "pp-size",
        "pipeline-parallel-size",
        "dp-size",
        "data-parallel-size",
        "nnodes",
    ),
    "maxTotalTokens": ("context-length",),
    "maxBatchSize": ("max-running-requests",),
    "maxBatchPrefillTokens": ("chunked-prefill-size",),
    "maxConcurrentRequests": ("max-queued-requests",),
    "dtype": ("dtype",),
    "quantization": ("quantization",),
    "kvCacheDtype": ("kv-cache-dtype",),
    "adapters": ("lora-paths", "enable-lora"),
    "speculation": (
        "speculative-algorithm",
        "speculative-draft-model-path",
        "speculative-draft-model",
        "speculative-num-steps",
        "speculative-eagle-topk",
        "speculative-num-draft-tokens",
        "speculative-ngram-max-bfs-breadth",
    ),
    "trustRemoteCode": ("trust-remote-code",),
    "the target": ("host", "port", "enable-metrics", "fastapi-root-path", "skip-server-warmup"),
}
REFUSED_FLAGS: Mapping[str, str] = {
    **secret_flags(("api-key", "admin-api-key", "ssl-keyfile-password")),
    "config": "brings flags from a file, where nobody holds them against the release",
    **dict.fromkeys(("tool-server", "enable-custom-logit-processor"), "runs code that a request brings"),
    **dict.fromkeys(("grpc-mode", "smg-grpc-mode", "encoder-only", "is-embedding"), "ends the OpenAI API"),
}


def _conflicts(spec: ServingSpec, _: Accelerator | None, __: ModelFacts | None) -> Iterator[str]:
    """Settings that each exist and end the start."""
    if ":" in spec.served_name:
        # arg_groups/validation_hook.py
        yield f"SGLang reads {spec.served_name} as MODEL:ADAPTER. Choose a name without a colon."
    if spec.adapters and spec.speculation and spec.speculation.draft_model:
        # arg_groups/lora_hook.py, check_lora_speculative_compatibility
        yield "SGLang has no adapters together with a draft model. Leave draftModel out, for n-grams, or the adapters."


SGLANG = EngineRelease(
    name=EngineName.SGLANG,
    title="SGLang",
    release=sglang.RELEASE,
    images=sglang.IMAGES,
    features=sglang.FEATURES,
    quantizations=sglang.QUANTIZATIONS,
    kv_cache_dtypes=sglang.KV_CACHE_DTYPES,
    compute_capabilities=sglang.COMPUTE_CAPABILITIES,
    settings=SETTINGS,
    refused_flags=REFUSED_FLAGS,
    metrics=sglang.METRICS,
    behaviour=BEHAVIOUR,
    conflicts=_conflicts,
    make_container=container.container,
)
