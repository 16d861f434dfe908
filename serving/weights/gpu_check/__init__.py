"""What a GPU has to prove before its replica may take requests, in the engine's own image.

Images with PyTorch (tgi, vllm, sglang) run check.py: count and memory, a multiplication that must come out exactly as
on the processor, on each GPU, and an all-reduce over all of them by NCCL. llama.cpp's image has no Python: check.sh
asks nvidia-smi for count and memory. One sentence on failure and exit code 1; it names the GPU.

Never run on a GPU by us: the tests run both scripts against doubles of nvidia-smi and torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING

from llmctl.serving.spec import EngineName

if TYPE_CHECKING:
    from llmctl.serving.manifests.spec import GpuCheck

DIRECTORY = "/etc/llmctl/gpu-check"
"""Where the ConfigMap with `scripts()` is mounted, unless told otherwise."""


def scripts() -> Mapping[str, str]:
    """File name -> text: the data of a ConfigMap."""
    here = files(__package__)
    return {name: (here / name).read_text(encoding="utf-8") for name in ("check.py", "check.sh")}


def command(check: GpuCheck, engine: EngineName, *, directory: str = DIRECTORY) -> tuple[str, ...]:
    """What the init container runs, with the scripts mounted at `directory`."""
    asked = (str(check.gpus), str(check.memory))
    if engine is EngineName.LLAMACPP:
        return ("sh", f"{directory}/check.sh", *asked)
    return ("python3", f"{directory}/check.py", *asked)
