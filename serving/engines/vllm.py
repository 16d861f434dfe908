"""vLLM, read at 0.33.0: its wheel on PyPI (paths below are inside it) and docker/Dockerfile of vllm-project/vllm."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.serving.engines import python_server
from llmctl.serving.engines.architecture_list import stored_architectures
from llmctl.serving.engines.arguments import FlagValue, arguments, secret_flags
from llmctl.serving.engines.behaviour import Behaviour
from llmctl.serving.engines.behaviours.vllm import BEHAVIOUR
from llmctl.serving.engines.container import API_KEY, ContainerSpec, Image, Metrics, Probe, Probes, SecretKey
from llmctl.serving.engines.engine import Architectures, Feature, Platform, Support
from llmctl.serving.engines.flags import FlagList, stored_flags
from llmctl.serving.engines.replica import image, resources
from llmctl.serving.engines.support import check, first_refusal
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec, Speculation

RELEASE = "0.33.0"
PORT = 8000

GPUS = frozenset({Platform.CUDA, Platform.ROCM})

IMAGES: Mapping[Platform, Image] = {
    # Tag format v<release> seen for 0.30 and 0.31 in public deployments; built for CUDA 13.0, so driver 580 or newer.
    Platform.CUDA: Image(repository="docker.io/vllm/vllm-openai", tag=f"v{RELEASE}"),
    Platform.ROCM: Image(repository="docker.io/vllm/vllm-openai-rocm", tag=f"v{RELEASE}"),
}

FEATURES: Mapping[Feature, Support] = {
    Feature.TENSOR_PARALLEL: Support(platforms=GPUS),
    Feature.LORA: Support(platforms=GPUS, note="rank up to --max-lora-rank, 16 unless engineArgs raises it"),
    Feature.NGRAM_SPECULATION: Support(platforms=GPUS),
    Feature.DRAFT_MODEL: Support(platforms=GPUS),
    Feature.DTYPE: Support(platforms=GPUS),
    Feature.PREFIX_CACHE: Support(platforms=GPUS),
    Feature.CHUNKED_PREFILL: Support(platforms=GPUS),
    Feature.JSON_SCHEMA: Support(platforms=GPUS),
    Feature.TOOLS: Support(platforms=GPUS, note="automatic choice needs --enable-auto-tool-choice and a parser"),
    Feature.API_KEY: Support(platforms=GPUS, note="only /v1, /v2, /inference and /cohere; /invocations stays open"),
    Feature.TRUST_REMOTE_CODE: Support(platforms=GPUS),
    Feature.SAFETENSORS: Support(platforms=GPUS),
}

# get_min_capability() of each class in model_executor/layers/quantization; platforms/rocm.py lists those for ROCm.
# bitsandbytes and GGUF are gone from this release.
QUANTIZATIONS: Mapping[str, Support] = {
    "fp8": Support(
        platforms=GPUS, min_compute_capability=(7, 5), note="quantized while loading; weights only below 8.9"
    ),
    "awq": Support(platforms=GPUS, min_compute_capability=(7, 5)),
    "gptq": Support(platforms=GPUS, min_compute_capability=(6, 0)),
    "compressed-tensors": Support(platforms=GPUS, min_compute_capability=(7, 0)),
    "modelopt": Support(platforms=GPUS, min_compute_capability=(8, 0)),
    "modelopt_fp4": Support(platforms=GPUS, min_compute_capability=(7, 5)),
    "mxfp4": Support(platforms=GPUS, min_compute_capability=(8, 0)),
    "quark": Support(platforms=GPUS, min_compute_capability=(7, 0)),
    "torchao": Support(platforms=GPUS, min_compute_capability=(7, 5)),
}

# `fp8` itself is only for checkpoints stored so (layers/quantization/fp8.py): on others it ends the start.
QUANTIZATION_WORDS: Mapping[str, str] = {"fp8": "fp8_per_tensor"}

# FlashInfer (v1/attention/backends/flashinfer.py) takes both from capability 8.0 on; FlashAttention only e4m3.
KV_CACHE_DTYPES: Mapping[str, Support] = {
    "fp8_e4m3": Support(platforms=GPUS, min_compute_capability=(8, 0)),
    "fp8_e5m2": Support(platforms=GPUS, min_compute_capability=(8, 0)),
}

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "id": ("model", "tokenizer"),
    "revision": ("revision", "tokenizer-revision"),
    "servedName": ("served-model-name",),
    "accelerator": ("tensor-parallel-size",),
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
REFUSED_FLAGS = secret_flags(("api-key", "hf-token"))

METRICS = Metrics(
    path="/metrics",
    port=PORT,
    # v1/metrics/loggers.py; the Prometheus client appends _total to counters. Failures are what the HTTP layer counts
    # (prometheus-fastapi-instrumentator): an engine that dies counts nothing itself.
    names={
        "requests_running": "vllm:num_requests_running",
        "requests_waiting": "vllm:num_requests_waiting",
        "kv_cache_usage": "vllm:kv_cache_usage_perc",
        "prompt_tokens": "vllm:prompt_tokens_total",
        "generated_tokens": "vllm:generation_tokens_total",
        "time_to_first_token": "vllm:time_to_first_token_seconds",
        "time_per_output_token": "vllm:request_time_per_output_token_seconds",
        "request_duration": "vllm:e2e_request_latency_seconds",
        "request_failures": "http_requests_total",
    },
)


class Vllm:
    name: EngineName = EngineName.VLLM
    title: str = "vLLM"
    release: str = RELEASE
    read_for: str = f"=={RELEASE}"
    images: Mapping[Platform, Image] = IMAGES
    features: Mapping[Feature, Support] = FEATURES
    quantizations: Mapping[str, Support] = QUANTIZATIONS
    kv_cache_dtypes: Mapping[str, Support] = KV_CACHE_DTYPES
    # The code objects in the wheel (_C_stable_libtorch.abi3.so) are for sm 7.5, 8.0, 8.6, 8.9, 9.0, 10.0 and 12.0.
    compute_capabilities: tuple[tuple[int, int], tuple[int, int] | None] = ((7, 5), (12, 1))
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
            command=("vllm", "serve"),
            args=(spec.model, *arguments(self, spec, _own_flags(spec))),
            env=_environment(spec),
            port=PORT,
            probes=_probes(spec),
            shutdown=python_server.shutdown(
                spec,
                margin=30,
                why="SIGTERM drains for --shutdown-timeout seconds; its default, 0, aborts every request at once",
            ),
            volumes=python_server.volumes(spec),
            resources=resources(spec, accelerator),
            metrics=METRICS,
            health_means="the engine's process lives; not that it still answers: a hang in NCCL keeps it at 200",
            # The image has the user vllm, uid 2000 in group 0, beside its default root (docker/Dockerfile).
            run_as_user=2000,
        )


def _own_flags(spec: ServingSpec) -> dict[str, FlagValue]:
    return {
        "revision": spec.revision,
        "served-model-name": spec.served_name,
        "host": "0.0.0.0",  # noqa: S104 (inside a container)
        "port": PORT,
        "tensor-parallel-size": spec.gpus,
        "max-model-len": spec.max_total_tokens,
        "max-num-seqs": spec.max_batch_size,
        "max-num-batched-tokens": spec.max_batch_prefill_tokens,
        # In flight, waiting ones included, as our word means it; above it the answer is 503.
        "max-num-queued-reqs": spec.max_concurrent_requests,
        "dtype": spec.dtype,
        "quantization": QUANTIZATION_WORDS.get(spec.quantization or "", spec.quantization),
        "kv-cache-dtype": spec.kv_cache_dtype,
        **_adapters(spec),
        "speculative-config": _speculation(spec.speculation),
        "trust-remote-code": spec.trust_remote_code,
        "shutdown-timeout": spec.graceful_termination_seconds,
        # TGI's interval; by default a stream that waits is silent, and proxies cut what is silent.
        "sse-keep-alive-interval": 15,
    }


def _environment(spec: ServingSpec) -> dict[str, str | SecretKey]:
    env = python_server.environment(spec) | {
        "VLLM_CACHE_ROOT": f"{python_server.CACHE}/vllm",
        "VLLM_NO_USAGE_STATS": "1",
        # The API process gives up on the engine after 600 s by default, less than a large model needs to load.
        "VLLM_ENGINE_READY_TIMEOUT_S": str(spec.startup_seconds),
    }
    if spec.api_key:
        env["VLLM_API_KEY"] = API_KEY
    return env


def _adapters(spec: ServingSpec) -> dict[str, FlagValue]:
    if not spec.adapters:
        return {}
    modules = tuple(python_server.compact({"name": a.name, "path": a.source}) for a in spec.adapters)
    # One batch may then hold all of them; with the default of 1 requests for different adapters wait for each other.
    return {"enable-lora": True, "max-loras": len(spec.adapters), "lora-modules": modules}


def _speculation(speculation: Speculation | None) -> str | None:
    if speculation is None:
        return None
    if speculation.draft_model is None:
        return python_server.compact({"method": "ngram", "num_speculative_tokens": speculation.tokens})
    return python_server.compact(
        {"method": "draft_model", "model": speculation.draft_model, "num_speculative_tokens": speculation.tokens}
    )


def _probes(spec: ServingSpec) -> Probes:
    return Probes(
        startup=python_server.startup_probe(
            "/health", PORT, 10, spec, why="the port refuses connections until the engine is warm; then /health is 200"
        ),
        readiness=Probe(
            path="/health",
            port=PORT,
            period=10,
            timeout=10,
            failure_threshold=3,
            why="answered by the API process without asking the GPU, but one event loop also tokenizes long prompts",
        ),
        liveness=Probe(
            path="/health",
            port=PORT,
            period=30,
            timeout=30,
            failure_threshold=5,
            why="a dead engine ends the server by itself within 5 s; this is for an API process that hangs",
        ),
    )
