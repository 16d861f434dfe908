"""SGLang, read at 0.5.23: its wheel on PyPI (paths below are inside it) and that of sglang-kernel 0.4.10."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.serving.engines import python_server
from llmctl.serving.engines.architecture_list import stored_architectures
from llmctl.serving.engines.arguments import FlagValue, arguments, secret_flags
from llmctl.serving.engines.behaviour import Behaviour
from llmctl.serving.engines.behaviours.sglang import BEHAVIOUR
from llmctl.serving.engines.container import ContainerSpec, Image, Metrics, Probe, Probes
from llmctl.serving.engines.engine import Architectures, Feature, Platform, Support
from llmctl.serving.engines.flags import FlagList, stored_flags
from llmctl.serving.engines.replica import image, resources
from llmctl.serving.engines.support import check, first_refusal
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec, Speculation

RELEASE = "0.5.23"
PORT = 30000

CUDA = Support(platforms=frozenset({Platform.CUDA}))

IMAGES: Mapping[Platform, Image] = {
    # Tag formats v<release> and v<release>-cu130 were seen for 0.5.17 to 0.5.21 in public deployments, both CUDA 13.0.
    # ROCm tags carry a ROCm version that differs from release to release: none is guessed here.
    Platform.CUDA: Image(repository="docker.io/lmsysorg/sglang", tag=f"v{RELEASE}-cu130"),
}

FEATURES: Mapping[Feature, Support] = {
    Feature.TENSOR_PARALLEL: CUDA,
    Feature.LORA: CUDA,
    Feature.NGRAM_SPECULATION: CUDA,
    Feature.DRAFT_MODEL: CUDA,
    Feature.DTYPE: CUDA,
    Feature.PREFIX_CACHE: CUDA,
    Feature.CHUNKED_PREFILL: CUDA,
    Feature.JSON_SCHEMA: CUDA,
    Feature.TOOLS: Support(platforms=CUDA.platforms, note="needs --tool-call-parser"),
    # No API_KEY: the key is only read from the command line, and is printed with all arguments (entrypoints/engine.py).
    Feature.TRUST_REMOTE_CODE: CUDA,
    Feature.GGUF: CUDA,
    Feature.SAFETENSORS: CUDA,
}


def _from(major: int, minor: int, note: str = "") -> Support:
    return Support(platforms=CUDA.platforms, min_compute_capability=(major, minor), note=note)


# get_min_capability() of each class in srt/layers/quantization.
QUANTIZATIONS: Mapping[str, Support] = {
    "fp8": _from(8, 0, "quantized while loading, or stored"),
    "awq": _from(8, 0),
    "gptq": _from(8, 0),
    "bitsandbytes-nf4": _from(7, 0),
    "compressed-tensors": _from(7, 0),
    "modelopt": _from(8, 9),
    "modelopt_fp4": _from(8, 0),
    "mxfp4": _from(8, 0),
    "w8a8_int8": _from(7, 5),
    "w8a8_fp8": _from(8, 9),
}

# `awq` forces the slow kernel (layers/quantization/awq/awq.py), and plain `gptq` has no CUDA kernel any more.
QUANTIZATION_WORDS: Mapping[str, str] = {
    "awq": "awq_marlin",
    "gptq": "gptq_marlin",
    "bitsandbytes-nf4": "bitsandbytes",
}

# arg_groups/fields/model.py asks for CUDA 11.8 and names no compute capability.
KV_CACHE_DTYPES: Mapping[str, Support] = {"fp8_e4m3": CUDA, "fp8_e5m2": CUDA}

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("model-path", "model", "tokenizer-path"),
    "revision": ("revision",),
    "servedName": ("served-model-name",),
    "accelerator": ("tp-size", "tensor-parallel-size"),
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
    ),
    "trustRemoteCode": ("trust-remote-code",),
    "the target": ("host", "port", "enable-metrics", "fastapi-root-path"),
}
REFUSED_FLAGS = secret_flags(("api-key", "admin-api-key", "ssl-keyfile-password"))

METRICS = Metrics(
    path="/metrics",
    port=PORT,
    # observability/metrics_collector.py and http_request_metrics.py; all need --enable-metrics.
    names={
        "requests_running": "sglang:num_running_reqs",
        "requests_waiting": "sglang:num_queue_reqs",
        "kv_cache_usage": "sglang:token_usage",
        "prompt_tokens": "sglang:prompt_tokens_total",
        "generated_tokens": "sglang:generation_tokens_total",
        "time_to_first_token": "sglang:time_to_first_token_seconds",
        "time_per_output_token": "sglang:request_time_per_output_token_seconds",
        "request_duration": "sglang:e2e_request_latency_seconds",
        "request_failures": "sglang:http_responses_total",
    },
)


class SGLang:
    name: EngineName = EngineName.SGLANG
    title: str = "SGLang"
    release: str = RELEASE
    read_for: str = f"=={RELEASE}"
    images: Mapping[Platform, Image] = IMAGES
    features: Mapping[Feature, Support] = FEATURES
    quantizations: Mapping[str, Support] = QUANTIZATIONS
    kv_cache_dtypes: Mapping[str, Support] = KV_CACHE_DTYPES
    # The code objects in sglang-kernel 0.4.10 (common_ops.abi3.so) are for sm 8.0, 8.9, 9.0, 10.0 and 12.0.
    compute_capabilities: tuple[tuple[int, int], tuple[int, int] | None] = ((8, 0), (12, 1))
    settings: Mapping[str, tuple[str, ...]] = SETTINGS
    refused_flags: Mapping[str, str] = REFUSED_FLAGS
    metrics: Metrics = METRICS
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
        return first_refusal(self, spec, accelerator, facts)

    def container(self, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
        check(self, spec, accelerator)
        return ContainerSpec(
            image=image(self, spec, accelerator),
            command=("python3", "-m", "sglang.launch_server"),
            args=arguments(self, spec, _own_flags(spec)),
            env=python_server.environment(spec) | {"SGLANG_CACHE_DIR": f"{python_server.CACHE}/sglang"},
            port=PORT,
            probes=_probes(spec),
            shutdown=python_server.shutdown(
                spec,
                # 5 s until the drain is noticed, 15 s for the schedulers, 60 s for the rest (tokenizer_manager.py).
                margin=80,
                why="SIGTERM drains without a limit of its own, looking every 5 s; what is left then ends with SIGKILL",
            ),
            volumes=python_server.volumes(spec),
            resources=resources(spec, accelerator),
            metrics=METRICS,
            health_means="a token was generated, or the scheduler was heard, within 20 s of asking",
            # The image names no user, and nothing was found that runs it as another.
            run_as_user=None,
        )


def _own_flags(spec: ServingSpec) -> dict[str, FlagValue]:
    return {
        "model-path": spec.model,
        "revision": spec.revision,
        "served-model-name": spec.served_name,
        "host": "0.0.0.0",  # noqa: S104 (its default, 127.0.0.1, is not reached from outside the container)
        "port": PORT,
        "tp-size": spec.gpus,
        "context-length": spec.max_total_tokens,
        "max-running-requests": spec.max_batch_size,
        # Not --max-prefill-tokens: that bounds a batch of prompts, and the longest prompt overrides it.
        "chunked-prefill-size": spec.max_batch_prefill_tokens,
        "max-queued-requests": _queue(spec),
        "dtype": spec.dtype,
        "quantization": QUANTIZATION_WORDS.get(spec.quantization or "", spec.quantization),
        "kv-cache-dtype": spec.kv_cache_dtype,
        **_adapters(spec),
        **_speculation(spec.speculation),
        "trust-remote-code": spec.trust_remote_code,
        "enable-metrics": True,
    }


def _queue(spec: ServingSpec) -> int:
    """SGLang counts the waiting ones only: ours are in flight, so those that run are taken off where their number is
    known."""
    return max(0, spec.max_concurrent_requests - (spec.max_batch_size or 0))


def _adapters(spec: ServingSpec) -> dict[str, FlagValue]:
    if not spec.adapters:
        return {}
    return {
        "enable-lora": True,
        "lora-paths": tuple(
            python_server.compact({"lora_name": adapter.name, "lora_path": adapter.source}) for adapter in spec.adapters
        ),
    }


def _speculation(speculation: Speculation | None) -> dict[str, FlagValue]:
    if speculation is None:
        return {}
    if speculation.draft_model is None:
        return {"speculative-algorithm": "NGRAM", "speculative-num-draft-tokens": speculation.tokens}
    return {
        "speculative-algorithm": "STANDALONE",
        "speculative-draft-model-path": speculation.draft_model,
        # A chain, not a tree: one candidate per step; the last accepted token is counted as a draft token too.
        "speculative-num-steps": speculation.tokens,
        "speculative-eagle-topk": 1,
        "speculative-num-draft-tokens": speculation.tokens + 1,
    }


def _probes(spec: ServingSpec) -> Probes:
    # /health sleeps 1 s before it looks and waits up to SGLANG_HEALTH_CHECK_TIMEOUT, 20 s: a probe's default timeout of
    # 1 s never sees a 200 (entrypoints/http_server.py).
    return Probes(
        startup=python_server.startup_probe(
            "/health",
            PORT,
            25,
            spec,
            why="503 until the warm-up request is through; then one token per look, up to 20 s",
        ),
        readiness=Probe(
            path="/ready",
            port=PORT,
            period=10,
            timeout=10,
            failure_threshold=3,
            why="state only, no generation: 200 when warm and not paused, unhealthy or draining",
        ),
        liveness=Probe(
            path="/health",
            port=PORT,
            period=30,
            timeout=25,
            failure_threshold=5,
            why="waits up to 20 s for a sign of life of the scheduler, so a hang is found",
        ),
    )
