"""What a replica needs of its node besides GPUs."""

from __future__ import annotations

from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.engine_memory import GIB
from llmctl.serving.spec import HostNeeds

LARGEST_SHARD = 5 * 10**9
"""Bytes of the largest weight file, where the model is larger than that. Assumed: the four files of Llama-3.1-8B are
of up to 5.00 GB, as are those of most; older repositories have up to 10, of which only page cache grows."""

SERVER = 8 * GIB
"""RAM beside the largest weight file (assumed: the loader, the tokenizers and the router of one replica)."""

SHARED_MEMORY = GIB
"""Shared memory with tensor parallelism (TGI's README: --shm-size 1g; the 64 MiB that containers get break NCCL)."""

IMAGE = 25 * 10**9
"""Disk for the engine's image unpacked (assumed: TGI's is 8 GB compressed)."""

DISK_MARGIN = 0.1
"""Of the weights, for logs and caches. Assumed."""


def host_needs(facts: ModelFacts, gpus: int) -> HostNeeds:
    """Of one replica on `gpus` GPUs.

    Memory = largest weight file + 8 GiB + shared memory; disk = image + 1.1 * weights.

    Cores: two for the server and one per GPU (assumed: one busy process for each).
    """
    shared = SHARED_MEMORY if gpus > 1 else 0
    return HostNeeds(
        memory=min(facts.weight_bytes, LARGEST_SHARD) + SERVER + shared,
        shared_memory=shared,
        disk=IMAGE + int((1 + DISK_MARGIN) * facts.weight_bytes),
        cpus=2.0 + gpus,
    )
