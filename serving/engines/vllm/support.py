"""What vLLM can do, read at 0.33.0 in its wheel on PyPI; paths below are inside it."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.serving.engines.container import Image, Metrics
from llmctl.serving.engines.engine import Feature, Platform, Support

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
# bitsandbytes and GGUF are gone from this release; torchao is not among what it installs.
QUANTIZATIONS: Mapping[str, Support] = {
    "fp8": Support(
        platforms=GPUS, min_compute_capability=(7, 5), note="quantized while loading; weights only below 8.9"
    ),
    "awq": Support(platforms=GPUS, min_compute_capability=(7, 5), weights="stored"),
    "gptq": Support(platforms=GPUS, min_compute_capability=(6, 0), weights="stored"),
    "compressed-tensors": Support(platforms=GPUS, min_compute_capability=(7, 0), weights="stored"),
    "modelopt": Support(platforms=GPUS, min_compute_capability=(8, 0), weights="stored"),
    "modelopt_fp4": Support(platforms=GPUS, min_compute_capability=(7, 5), weights="stored"),
    "mxfp4": Support(platforms=GPUS, min_compute_capability=(8, 0)),
    "auto-round": Support(platforms=GPUS, min_compute_capability=(6, 0), weights="stored"),
    "quark": Support(platforms=GPUS, min_compute_capability=(7, 0), weights="stored"),
}

# `fp8` itself is only for checkpoints stored so (layers/quantization/fp8.py): on others it ends the start.
QUANTIZATION_WORDS: Mapping[str, str] = {"fp8": "fp8_per_tensor"}

# FlashInfer (v1/attention/backends/flashinfer.py) takes both from capability 8.0 on; FlashAttention only e4m3.
KV_CACHE_DTYPES: Mapping[str, Support] = {
    "fp8_e4m3": Support(platforms=GPUS, min_compute_capability=(8, 0)),
    "fp8_e5m2": Support(platforms=GPUS, min_compute_capability=(8, 0)),
}

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

COMPUTE_CAPABILITIES: tuple[tuple[int, int], tuple[int, int] | None] = ((7, 5), (12, 1))
"""The code objects in the wheel (_C_stable_libtorch.abi3.so) are for sm 7.5, 8.0, 8.6, 8.9, 9.0, 10.0 and 12.0."""

BFLOAT16_FROM = (8, 0)
"""platforms/cuda.py, check_if_supports_dtype."""
