"""What an engine's last words mean: a table of log lines, each with one sentence and one fix.

Read in the sources: TGI 3.3.7 (launcher, router, shards, and its users' reports), vLLM 0.33.0
(v1/core/kv_cache_planning.py, v1/worker/utils.py, model_executor/models/registry.py), SGLang 0.5.23
(srt/model_executor/pool_configurator.py, srt/models/registry.py), llama.cpp (src/llama-model.cpp,
tools/server/server-http.cpp); and what PyTorch, CUDA, NCCL and the Hub's client say in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LESS_CACHE = "Lower maxTotalTokens or maxBatchSize, set kvCacheDtype: fp8_e4m3 or a quantization, or take more GPUs."


@dataclass(frozen=True)
class EngineFailure:
    line: str
    """The log line it was told by."""

    sentence: str
    """Without a full stop."""

    fix: str


TABLE: tuple[tuple[str, str, str], ...] = (
    # TGI: memory (router V3Error, RouterError; shards)
    (
        r"Not enough memory to handle (?:.*?max_batch_prefill_tokens=)?`?(\d+)`? ?(?:to )?prefill tokens",
        "the GPU has no room for a prefill step of {0} tokens",
        "Lower maxBatchPrefillTokens or maxInputTokens, quantize the weights, or take more GPUs.",
    ),
    (
        r"Not enough memory to handle `max_total_tokens=(\d+)`",
        "the GPU has no room for one request of {0} tokens",
        LESS_CACHE,
    ),
    (
        r"max_batch_prefill_tokens` must be <= `?max_batch_total_tokens",
        "a prefill step is larger than the whole KV cache",
        "Lower maxBatchPrefillTokens or maxTotalTokens.",
    ),
    # vLLM: memory
    (
        r"max seq len \((\d+)\).*?([\d.]+ GiB) KV cache is needed.*?available KV cache memory \(([\d.]+ GiB)\)",
        "one request of {0} tokens needs {1} of KV cache, and {2} are there",
        LESS_CACHE,
    ),
    (
        r"No available memory for the cache blocks",
        "the weights leave no memory of the GPU for a KV cache",
        "Quantize the weights, or take a larger accelerator or more GPUs.",
    ),
    (
        r"Free memory on device.*?\(([\d.]+/[\d.]+) GiB\).*?less than desired GPU memory utilization",
        "somebody else holds memory of the GPU ({0} GiB are free)",
        "See which process it is (nvidia-smi on the node); GPUs are not shared.",
    ),
    # SGLang: memory
    (
        r"Not enough memory\. Please try to increase --mem-fraction-static",
        "the weights leave no memory of the GPU for a KV cache",
        "Quantize the weights, or take a larger accelerator or more GPUs.",
    ),
    # llama.cpp: memory
    (
        r"unable to allocate (\w+) buffer|failed to allocate buffer for kv cache|cudaMalloc failed: out of memory",
        "the weights and the KV cache do not fit into the GPU's memory",
        "Take a smaller quantization, lower maxTotalTokens or maxBatchSize, or take a larger accelerator.",
    ),
    # PyTorch, whichever engine
    (
        r"(?:CUDA|HIP) out of memory|OutOfMemoryError",
        "the GPU's memory is full",
        LESS_CACHE,
    ),
    # architectures
    (
        r"Model architectures \[([^\]]*)\] are not supported",
        "the engine has no code for {0}",
        "See which engine has it: llmctl engines translate STACK --to ENGINE",
    ),
    (
        r"unknown model architecture: ('[^']*')",
        "llama.cpp has no code for {0}",
        "Take a model of another architecture, or another engine: llmctl engines translate STACK --to ENGINE",
    ),
    (
        r"Unsupported model type (\S+)|sharded is not supported for AutoModel",
        "the engine has no code for this model",
        "See which engine has it: llmctl engines translate STACK --to ENGINE",
    ),
    # GPUs
    (
        r"Each process is one gpu|`sharded` is true but only found (\d+) CUDA devices|"
        r"num_shard.*?exceeds.*?available GPUs",
        "the container sees fewer GPUs than the model is split over",
        "Look at the pod's nvidia.com/gpu limit and at the device plugin.",
    ),
    (
        r"no kernel image is available for execution on the device",
        "the engine's image has no kernels for this GPU",
        "Take an accelerator that the engine supports: llmctl engines",
    ),
    (
        r"CUDA driver version is insufficient|The NVIDIA driver on your system is too old",
        "the node's NVIDIA driver is too old for the engine's image",
        "Update the driver of the node, or choose nodes with a newer one (cluster.nodeSelector).",
    ),
    (
        r"No CUDA GPUs are available|Found no NVIDIA driver|no CUDA-capable device is detected",
        "the container sees no GPU",
        "Look at the node's container runtime (nvidia-container-toolkit) and its device plugin.",
    ),
    (
        r"NCCL (?:WARN|error|failure)|Watchdog caught collective operation timeout|ncclSystemError",
        "the GPUs of one replica cannot talk to each other",
        "Look for NCCL lines in the log; with PCIe ACS or IOMMU on, set NCCL_P2P_DISABLE=1 for the engine.",
    ),
    # ports
    (
        r"server socket has failed to (?:bind|listen).*?(\d{4,5})",
        "port {0} is taken inside the pod, so the shards cannot meet",
        "Take MASTER_PORT or the port away from what else runs in the pod.",
    ),
    (
        r"failed to build prometheus recorder",
        "the port of the metrics is taken inside the pod",
        "Leave --prometheus-port to llmctl.",
    ),
    (
        r"error binding to|couldn't bind HTTP server socket|[Aa]ddress already in use",
        "the engine cannot listen on its port",
        "Leave --port and --hostname to llmctl; below 1024 a container without root may not listen.",
    ),
    # files
    (
        r"Read-only file system",
        "the engine writes where the container's root is read-only",
        "Report it with the line: the engine needs a volume there.",
    ),
    (
        r"No space left on device",
        "a volume of the pod is full",
        "Free disk on the node, or use nodes with more.",
    ),
    (
        r"signal:? 7|SIGBUS|Bus error",
        "shared memory or the disk of the pod is full",
        "Give the node more memory: /dev/shm of the pod counts against it.",
    ),
    # the Hub
    (
        r"GatedRepoError|401 Client Error|403 Client Error|Access to model .* is restricted",
        "the Hub does not give the model to this token",
        "Accept the model's licence on its page, then: pulumi config set --secret llmctl:hubToken",
    ),
    (
        r"429 Client Error|429 Too Many Requests",
        "the Hub refuses more downloads for a while",
        "Set a Hub token, or use a mirror or a bucket: weights.source.",
    ),
    (
        r"LocalEntryNotFoundError|OfflineModeIsEnabled",
        "a file of the model is not in the container, and the Hub may not be asked",
        "Bring the weights anew: delete the pod; its init container checks each file.",
    ),
    (
        r"[Uu]nrecognized arguments?: (.+)|unexpected argument '([^']+)'|error: invalid argument: (\S+)",
        "the engine does not know its argument {0}",
        "Take it out of engineArgs, or look which release has it: docs/engines.md",
    ),
    (
        r"assertion `?left == right.*?max_(?:input|total)",
        "the engine's backend takes fewer tokens than asked for",
        "Lower maxTotalTokens and maxInputTokens.",
    ),
)
"""Pattern, sentence with the pattern's groups, fix. The first pattern that a line matches wins."""

PATTERNS = tuple((re.compile(pattern), sentence, fix) for pattern, sentence, fix in TABLE)


def engine_failure(lines: Iterable[str]) -> EngineFailure | None:
    """What the log of an engine that ended says. A cause of the table's beginning wins over one further down."""
    read = list(lines)
    for pattern, sentence, fix in PATTERNS:
        for line in reversed(read):
            if match := pattern.search(line):
                groups = [group for group in match.groups() if group is not None]
                return EngineFailure(line.strip(), sentence.format(*groups), fix)
    return None
