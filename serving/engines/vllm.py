"""vLLM, read at 0.33.0: its wheel on PyPI, and docker/Dockerfile of vllm-project/vllm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from llmctl.serving.engines import vllm_container
from llmctl.serving.engines import vllm_support as vllm
from llmctl.serving.engines.architecture_list import stored_architectures
from llmctl.serving.engines.arguments import secret_flags
from llmctl.serving.engines.behaviour import Behaviour
from llmctl.serving.engines.behaviours.vllm import BEHAVIOUR
from llmctl.serving.engines.container import ContainerSpec, Image, Metrics
from llmctl.serving.engines.engine import Architectures, Feature, Platform, Support
from llmctl.serving.engines.flags import FlagList, stored_flags
from llmctl.serving.engines.support import first_refusal
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("model", "tokenizer"),
    "revision": ("revision", "tokenizer-revision"),
    "servedName": ("served-model-name",),
    "accelerator": ("tensor-parallel-size", "pipeline-parallel-size", "data-parallel-size", "nnodes"),
    "maxTotalTokens": ("max-model-len",),
    "maxBatchSize": ("max-num-seqs",),
    "maxBatchPrefillTokens": ("max-num-batched-tokens",),
    "maxConcurrentRequests": ("max-num-queued-reqs",),
    "dtype": ("dtype",),
    "quantization": ("quantization",),
    "kvCacheDtype": ("kv-cache-dtype",),
    "adapters": ("lora-modules", "enable-lora", "no-enable-lora", "max-loras"),
    "speculation": ("speculative-config", "spec-method", "spec-model", "spec-tokens"),
    "trustRemoteCode": ("trust-remote-code", "no-trust-remote-code"),
    "the target": ("host", "port", "uds", "shutdown-timeout", "sse-keep-alive-interval", "root-path"),
}
REFUSED_FLAGS: Mapping[str, str] = {
    **secret_flags(("api-key", "hf-token")),
    "config": "brings flags from a file, where nobody holds them against the release",
    "tool-server": "runs code that a model wrote",
    **dict.fromkeys(("headless", "grpc"), "ends the OpenAI API"),
}


class Vllm:
    name: EngineName = EngineName.VLLM
    title: str = "vLLM"
    release: str = vllm.RELEASE
    read_for: str = f"=={vllm.RELEASE}"
    notice: str = ""
    images: Mapping[Platform, Image] = vllm.IMAGES
    features: Mapping[Feature, Support] = vllm.FEATURES
    quantizations: Mapping[str, Support] = vllm.QUANTIZATIONS
    kv_cache_dtypes: Mapping[str, Support] = vllm.KV_CACHE_DTYPES
    compute_capabilities: tuple[tuple[int, int], tuple[int, int] | None] = vllm.COMPUTE_CAPABILITIES
    settings: Mapping[str, tuple[str, ...]] = SETTINGS
    refused_flags: Mapping[str, str] = REFUSED_FLAGS
    metrics: Metrics = vllm.METRICS
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
        return first_refusal(self, spec, accelerator, facts) or next(_conflicts(spec, accelerator, facts), None)

    def container(self, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
        if reason := self.refuses(spec, accelerator):
            raise EngineError(reason)
        return vllm_container.container(self, spec, accelerator)


def _conflicts(spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None) -> Iterator[str]:
    """Settings that each exist and together end the start."""
    if spec.max_batch_prefill_tokens and spec.max_batch_size and spec.max_batch_prefill_tokens < spec.max_batch_size:
        # config/scheduler.py: each sequence of a batch takes one token of a step.
        yield (
            f"vLLM needs maxBatchPrefillTokens ({spec.max_batch_prefill_tokens}) to be at least maxBatchSize "
            f"({spec.max_batch_size})."
        )
    capability = accelerator.compute_capability if accelerator else None
    if spec.dtype == "bfloat16" and capability and capability < vllm.BFLOAT16_FROM:
        yield "vLLM computes in bfloat16 from compute capability 8.0 on. Set dtype to float16."
    stored = facts.quantization.method if facts and facts.quantization else None
    if stored and spec.quantization not in (None, *({stored} - set(vllm.QUANTIZATION_WORDS))):
        # config/model.py: the word must be the one in config.json.
        yield f"vLLM reads what is stored as {stored} by itself. Leave quantization {spec.quantization} out."
