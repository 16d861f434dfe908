"""SGLang, read at 0.5.23: its wheel on PyPI (paths below are inside it) and that of sglang-kernel 0.4.10."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llmctl.serving.engines import sglang_container
from llmctl.serving.engines import sglang_support as sglang
from llmctl.serving.engines.architecture_list import stored_architectures
from llmctl.serving.engines.arguments import secret_flags
from llmctl.serving.engines.behaviour import Behaviour
from llmctl.serving.engines.behaviours.sglang import BEHAVIOUR
from llmctl.serving.engines.container import ContainerSpec, Image, Metrics
from llmctl.serving.engines.engine import Architectures, Feature, Platform, Support
from llmctl.serving.engines.flags import FlagList, stored_flags
from llmctl.serving.engines.support import first_refusal
from llmctl.serving.errors import EngineError
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


class SGLang:
    name: EngineName = EngineName.SGLANG
    title: str = "SGLang"
    release: str = sglang.RELEASE
    read_for: str = f"=={sglang.RELEASE}"
    notice: str = ""
    images: Mapping[Platform, Image] = sglang.IMAGES
    features: Mapping[Feature, Support] = sglang.FEATURES
    quantizations: Mapping[str, Support] = sglang.QUANTIZATIONS
    kv_cache_dtypes: Mapping[str, Support] = sglang.KV_CACHE_DTYPES
    compute_capabilities: tuple[tuple[int, int], tuple[int, int] | None] = sglang.COMPUTE_CAPABILITIES
    settings: Mapping[str, tuple[str, ...]] = SETTINGS
    refused_flags: Mapping[str, str] = REFUSED_FLAGS
    metrics: Metrics = sglang.METRICS
    behaviour: Behaviour = BEHAVIOUR

    @property
    def flags(self) -> FlagList:
        return stored_flags(self.name)

    @property
    def architectures(self) -> Architectures:
        return stored_architectures(self.name)

    def refuses(
        self, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None = None
    ) -> str | None:
        return first_refusal(self, spec, accelerator, facts) or next(_conflicts(spec), None)

    def container(self, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
        if reason := self.refuses(spec, accelerator):
            raise EngineError(reason)
        return sglang_container.container(self, spec, accelerator)


def _conflicts(spec: ServingSpec) -> Iterator[str]:
    """Settings that each exist and end the start."""
    if ":" in spec.served_name:
        # arg_groups/validation_hook.py
        yield f"SGLang reads {spec.served_name} as MODEL:ADAPTER. Choose a name without a colon."
    if spec.adapters and spec.speculation and spec.speculation.draft_model:
        # arg_groups/lora_hook.py, check_lora_speculative_compatibility
        yield "SGLang has no adapters together with a draft model. Leave draftModel out, for n-grams, or the adapters."
