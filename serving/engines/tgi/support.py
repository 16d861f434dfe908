"""What TGI 3.3.7 can do, and where: read in huggingface/text-generation-inference at tag v3.3.7, files named beside."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.serving.engines.container import Image, Metrics
from llmctl.serving.engines.engine import Feature, Platform, Support

RELEASE = "3.3.7"
REPOSITORY = "ghcr.io/huggingface/text-generation-inference"
PORT = 8080
"""The image's own port 80 cannot be bound by everybody; anything from 1024 on can."""

IMAGES: Mapping[Platform, Image] = {
    # .github/workflows/build.yaml: one tag per hardware. All are linux/amd64 only. `latest` is not the last release.
    Platform.CUDA: Image(repository=REPOSITORY, tag=RELEASE),
    Platform.ROCM: Image(repository=REPOSITORY, tag=f"{RELEASE}-rocm"),
    Platform.NEURON: Image(repository=REPOSITORY, tag=f"{RELEASE}-neuron"),
}

COMPUTE_CAPABILITIES = ((8, 0), (9, 0))
"""Dockerfile builds its kernels for 8.0, 8.6 and 9.0. A T4 (7.5) is left with flash attention 1 without prefix cache,
chunking or bfloat16; on Blackwell flash attention 2.6.1 has no kernels at all. Neither was seen to work."""

EVERYWHERE = frozenset(IMAGES)
GPUS = frozenset({Platform.CUDA, Platform.ROCM})
CUDA = frozenset({Platform.CUDA})

FEATURES: Mapping[Feature, Support] = {
    Feature.TENSOR_PARALLEL: Support(platforms=EVERYWHERE, note="within one node; heads and KV heads must divide"),
    # layers/lora.py loads its kernels (punica) on CUDA only.
    Feature.LORA: Support(platforms=CUDA, note="turns prefix caching and CUDA graphs off"),
    Feature.NGRAM_SPECULATION: Support(platforms=GPUS, note="turns chunked prefill off"),
    Feature.PREFIX_CACHE: Support(platforms=CUDA, note="not with LoRA, vision models, or odd head dimensions"),
    Feature.CHUNKED_PREFILL: Support(platforms=CUDA, note="not with speculation"),
    Feature.JSON_SCHEMA: Support(platforms=GPUS, note="as TGI's own grammar field, not OpenAI's response_format"),
    Feature.TOOLS: Support(platforms=GPUS, note="one call per answer, by constrained JSON"),
    Feature.API_KEY: Support(platforms=EVERYWHERE, note="case is ignored; /info, /metrics, /docs stay open"),
    Feature.TRUST_REMOTE_CODE: Support(platforms=GPUS),
    Feature.PROMPT_LIMIT: Support(platforms=EVERYWHERE),
    Feature.DTYPE: Support(platforms=EVERYWHERE, note="float16 and bfloat16"),
    Feature.SAFETENSORS: Support(platforms=EVERYWHERE),
}

QUANTIZATIONS: Mapping[str, Support] = {
    # launcher/src/main.rs (Quantization); kernels in server/text_generation_server/layers; Dockerfile_amd. What
    # weights each loader takes: utils/quantization.py, get_loader.
    "fp8": Support(platforms=GPUS, note="8-bit arithmetic from 9.0 on; before, weights only (Marlin)"),
    "awq": Support(platforms=CUDA, weights="stored"),
    "gptq": Support(platforms=GPUS, weights="stored"),
    "marlin": Support(platforms=CUDA, weights="stored"),
    "compressed-tensors": Support(platforms=GPUS, weights="stored", note="8-bit integers on NVIDIA only"),
    "eetq": Support(platforms=CUDA, weights="plain"),
    "exl2": Support(platforms=CUDA, weights="stored", note="one GPU, no CUDA graphs"),
    "bitsandbytes": Support(platforms=CUDA, weights="plain", note="slow, no CUDA graphs; deprecated for eetq"),
    "bitsandbytes-nf4": Support(platforms=CUDA, weights="plain"),
    "bitsandbytes-fp4": Support(platforms=CUDA, weights="plain"),
}

KV_CACHE_DTYPES: Mapping[str, Support] = {
    # layers/attention/kv_cache.py: flashinfer on CUDA, paged on ROCm and there not e5m2.
    "fp8_e4m3": Support(platforms=GPUS, note="not for models whose head dimension is other than 64, 128 or 256"),
    "fp8_e5m2": Support(platforms=CUDA, note="not for models whose head dimension is other than 64, 128 or 256"),
}

KV_CACHE_WORDS: Mapping[str, str] = {"fp8_e4m3": "fp8_e4m3fn", "fp8_e5m2": "fp8_e5m2"}
"""Our word -> TGI's (launcher/src/main.rs, KVCacheDtype)."""

FLASHINFER_HEAD_DIMS = frozenset({64, 128, 256})
"""launcher/src/main.rs, resolve_attention: other models fall back to flashdecoding, which refuses an fp8 cache."""

FLASHDECODING_MODEL_TYPES = frozenset({"falcon", "deepseek_v2"})
"""The same function: these fall back whatever their head dimension is."""

UNCHUNKED_MODEL_TYPES = frozenset({"gemma3", "qwen2_vl", "qwen2_5_vl", "mllama"})
"""models/__init__.py: those made with support_chunking=False."""

METRICS = Metrics(
    path="/metrics",
    port=PORT,
    names={
        # On the main port: --prometheus-port is bound and serves nothing.
        "requests_running": "tgi_batch_current_size",
        "requests_waiting": "tgi_queue_size",
        "kv_cache_usage": None,
        "prompt_tokens": "tgi_request_input_length_sum",
        "generated_tokens": "tgi_request_generated_tokens_sum",
        "time_to_first_token": None,
        "time_per_output_token": "tgi_request_mean_time_per_token_duration",
        "request_duration": "tgi_request_duration",
        "request_failures": "tgi_request_failure",
    },
)
"""Successes are counted in tgi_request_success; tgi_request_count counts every chat request twice. A series appears
with its first use, so a fresh replica has no queue size."""

HEALTH_MEANS = (
    "The shards answered and could allocate on their GPUs, and the last generation did not fail. It waits for a "
    "running prefill, and nothing listens before the model is warm. It says nothing about the queue."
)
