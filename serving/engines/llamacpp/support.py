"""What llama.cpp's server can do at build 11312, and where.

Read in ggml-org/llama.cpp at 0c1e57098, as vendored in llama-cpp-python 0.3.36 on PyPI; files are named beside.
"""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.serving.engines.container import Image, Metrics
from llmctl.serving.engines.engine import Feature, Platform, Support

RELEASE = "b11312"
REPOSITORY = "ghcr.io/ggml-org/llama.cpp"
PORT = 8080
"""Always passed: a later build's default will be another (tools/server/server.cpp)."""

IMAGES: Mapping[Platform, Image] = {
    # .github/workflows/docker.yml. Images are built once a day, so most builds have none; these three tags of this one
    # are named in public deployments.
    Platform.CUDA: Image(repository=REPOSITORY, tag=f"server-cuda-{RELEASE}"),
    Platform.ROCM: Image(repository=REPOSITORY, tag=f"server-rocm-{RELEASE}"),
    Platform.CPU: Image(repository=REPOSITORY, tag=f"server-{RELEASE}"),
}

COMPUTE_CAPABILITIES: tuple[tuple[int, int], None] = ((5, 0), None)
"""ggml/src/ggml-cuda/CMakeLists.txt with CUDA 12.8: PTX for 5.0, 6.1, 7.0, 7.5, 8.0 and 9.0, which is compiled when it
first runs; code for 8.6, 8.9 and 12.0."""

EVERYWHERE = frozenset(IMAGES)
GPUS = frozenset({Platform.CUDA, Platform.ROCM})

FEATURES: Mapping[Feature, Support] = {
    Feature.TENSOR_PARALLEL: Support(
        platforms=GPUS,
        note="layers are spread over the GPUs (pipelined): memory adds up, the speed of one request does not",
    ),
    # No LORA: --lora applies an adapter to every request, or by its number; a client cannot ask for one by name.
    Feature.NGRAM_SPECULATION: Support(platforms=EVERYWHERE),
    Feature.DRAFT_MODEL: Support(platforms=EVERYWHERE, note="a .gguf file"),
    Feature.PREFIX_CACHE: Support(platforms=EVERYWHERE, note="per slot"),
    Feature.CHUNKED_PREFILL: Support(platforms=EVERYWHERE),
    Feature.JSON_SCHEMA: Support(platforms=EVERYWHERE),
    Feature.TOOLS: Support(platforms=EVERYWHERE),
    Feature.API_KEY: Support(platforms=EVERYWHERE, note="/health stays open; /metrics asks for it too"),
    Feature.GGUF: Support(platforms=EVERYWHERE),
}

GGUF_TYPES = (  # noqa: SIM905 (a list of 35 strings is unreadable)
    # tools/quantize/quantize.cpp, QUANT_OPTIONS: the words in the names of GGUF files.
    "Q1_0 Q2_0 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q2_K_S Q3_K_S Q3_K_M Q3_K_L Q4_K_S Q4_K_M Q5_K_S Q5_K_M Q6_K IQ1_S IQ1_M "
    "IQ2_XXS IQ2_XS IQ2_S IQ2_M IQ3_XXS IQ3_XS IQ3_S IQ3_M IQ4_XS IQ4_NL TQ1_0 TQ2_0 MXFP4_MOE BF16 F16 F32"
).split()

QUANTIZATIONS: Mapping[str, Support] = dict.fromkeys(
    GGUF_TYPES, Support(platforms=EVERYWHERE, weights="stored", note="as the file is")
)

KV_CACHE_TYPES = ("q8_0", "q5_1", "q5_0", "q4_1", "q4_0", "iq4_nl")
"""tools/server/README.md, --cache-type-k: those smaller than 16 bits. It has no fp8."""

KV_CACHE_DTYPES: Mapping[str, Support] = dict.fromkeys(
    KV_CACHE_TYPES, Support(platforms=EVERYWHERE, note="with flash attention")
)

METRICS = Metrics(
    path="/metrics",
    port=PORT,
    names={
        # tools/server/server-task.cpp; only with --metrics. There is no histogram, so no latency of a request.
        "requests_running": "llamacpp:requests_processing",
        "requests_waiting": "llamacpp:requests_deferred",
        "kv_cache_usage": None,
        "prompt_tokens": "llamacpp:prompt_tokens_total",
        "generated_tokens": "llamacpp:tokens_predicted_total",
        "time_to_first_token": None,
        "time_per_output_token": None,
        "request_duration": None,
        "request_failures": None,
    },
)

HEALTH_MEANS = (
    "The model is loaded; 503 while it loads. The HTTP threads answer it without asking the model, so a hang in a "
    "computation does not show."
)
