"""Which files of a repository an engine needs: pure decisions over names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from llmctl.serving.errors import ModelNotFound
from llmctl.serving.models.quantization import choose_parts
from llmctl.serving.models.weight_files import PICKLES

_BESIDES = re.compile(r"[^/]+\.(json|txt|model|jinja|tiktoken)|additional_chat_templates/[^/]+\.jinja")
"""Configuration, tokenizer, vocabulary and chat templates, which lie beside the weights."""

_NOT_NEEDED = re.compile(
    r"(pytorch_model|tf_model|flax_model)\..*index\.json|README.*|LICENSE.*|.*requirements.*\.txt", re.I
)
_CODE = re.compile(r"[^/]+\.py")


def needed(
    names: Iterable[str], *, gguf: bool, quantization: str | None = None, code: bool = False, where: str
) -> tuple[str, ...]:
    """The files for an engine that reads GGUF (the quantization, in one file or in all its parts), or safetensors and
    what lies beside them.

    `code`: the repository's own Python too, for engines that are told to run it. Only the root of a repository counts:
    below it are other formats of the same weights (`original/`), and other things. Raises ModelNotFound.
    """
    listed = sorted(names)
    if gguf:
        return choose_parts(listed, quantization, repository=where)
    weights = _safetensors(listed)
    if not weights:
        raise ModelNotFound(_no_weights(listed, where))
    beside = [name for name in listed if _BESIDES.fullmatch(name) and not _NOT_NEEDED.fullmatch(name)]
    own = [name for name in listed if code and _CODE.fullmatch(name)]
    return (*beside, *own, *weights)


def _safetensors(names: Collection[str]) -> list[str]:
    """Those in the root; Mistral's own `consolidated*` only where there is nothing else."""
    found = [name for name in names if name.endswith(".safetensors") and "/" not in name]
    usual = [name for name in found if not name.startswith(("consolidated", "adapter_"))]
    return usual or [name for name in found if name.startswith("consolidated")]


def _no_weights(names: Collection[str], where: str) -> str:
    if any(name.endswith(PICKLES) for name in names):
        return (
            f"{where} has its weights only as pickles ({', '.join(PICKLES)}), which run code when they are loaded. "
            "Name a repository with safetensors; the Hub's convert space opens a pull request with them (revision)."
        )
    if any(name.lower().endswith(".gguf") for name in names):
        return f"{where} has only GGUF files, which llama.cpp reads (engine: llamacpp, or accelerator: cpu)."
    return f"{where} has no .safetensors files in its root. Name the repository that holds the weights."
