"""What SGLang can do, read at 0.5.23 in its wheel on PyPI and in that of sglang-kernel 0.4.10."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from llmctl.serving.engines.container import Image, Metrics
from llmctl.serving.engines.engine import Feature, Platform, Support

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


def _from(major: int, minor: int) -> Support:
    """From that compute capability on, for weights that are stored so and for plain ones."""
    return Support(platforms=CUDA.platforms, min_compute_capability=(major, minor))


def _stored(major: int, minor: int) -> Support:
    return replace(_from(major, minor), weights="stored")


# get_min_capability() of each class in srt/layers/quantization. bitsandbytes is missing: a package for tests only.
QUANTIZATIONS: Mapping[str, Support] = {
    "fp8": _from(8, 0),
    "awq": _stored(8, 0),
    "gptq": _stored(8, 0),
    "compressed-tensors": _stored(7, 0),
    # Plain weights would need --quantize-and-serve and NVIDIA's ModelOpt.
    "modelopt": _stored(8, 9),
    "modelopt_fp4": _stored(8, 0),
    # For plain weights it is for mixtures of experts only (arg_groups/choices.py).
    "mxfp4": _stored(8, 0),
    "auto-round": _stored(6, 0),
    "w8a8_int8": _stored(7, 5),
    "w8a8_fp8": _from(8, 9),
}

# `awq` forces the slow kernel (layers/quantization/awq/awq.py), and plain `gptq` has no CUDA kernel any more.
QUANTIZATION_WORDS: Mapping[str, str] = {
    "awq": "awq_marlin",
    "gptq": "gptq_marlin",
}

# arg_groups/fields/model.py asks for CUDA 11.8 and names no compute capability.
KV_CACHE_DTYPES: Mapping[str, Support] = {"fp8_e4m3": CUDA, "fp8_e5m2": CUDA}

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

COMPUTE_CAPABILITIES: tuple[tuple[int, int], tuple[int, int] | None] = ((8, 0), (12, 1))
"""The code objects in sglang-kernel 0.4.10 (common_ops.abi3.so) are for sm 8.0, 8.9, 9.0, 10.0 and 12.0."""
