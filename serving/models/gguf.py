"""What a GGUF file says about itself, and whether all of it is there. Reads the header only, never the weights."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmctl.serving.errors import ModelDamaged, ModelNotFound
from llmctl.serving.models.gguf_header import Header
from llmctl.serving.models.gguf_parts import parts_of


@dataclass(frozen=True, kw_only=True)
class GgufFacts:
    file_size: int
    """Bytes, of all parts together."""
    weights_size: int
    """Bytes of all tensors."""
    architecture: str
    """llama.cpp's name: llama, qwen3, gemma3…"""
    name: str | None
    context_length: int | None
    """Tokens the model was trained for."""
    layers: int
    embedding_length: int
    feed_forward_length: int
    """Of one expert where there is no dense part."""
    vocabulary: int
    """Tokens the tokenizer knows; 0 if the file names none."""
    heads: int
    """Heads that ask, of the layer with most of them."""
    kv_heads: int
    """Heads that keep keys and values, of the layer with most of them."""
    key_length: int
    """Numbers per head and token in the keys; `head_dim` of most models."""
    value_length: int
    chat_template: bool
    """Whether the file brings its own chat template."""
    parameters: int
    """Numbers in all tensors."""
    expert_parameters: int
    """Those of the routed experts (tensors named …_exps)."""
    experts: int
    active_experts: int
    tied: bool
    """Whether the output head is the embedding: there is no tensor output.weight."""
    licence: str | None


def inspect(path: Path) -> GgufFacts:
    """Read the header, of a model in parts (-00001-of-00003.gguf) that of each.

    Raises ModelNotFound, or ModelDamaged for a file that is not GGUF, cut short or unreadable.
    """
    return facts_of_parts([_header(path.with_name(name)) for name in parts_of(path.name)])


def _header(path: Path) -> Header:
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            if not size:  # mmap takes no empty file
                return Header(_OnDisk(str(path), 0, b""))
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return Header(_OnDisk(str(path), size, data))
    except FileNotFoundError as error:
        raise ModelNotFound(f"There is no file {path}.") from error
    except OSError as error:
        raise ModelDamaged(f"{path} cannot be read: {error.strerror}.") from error


@dataclass(frozen=True)
class _OnDisk:
    """A file that is there whole."""

    name: str
    size: int
    data: bytes | mmap.mmap
    remedy: str = "Get the file again."

    def upto(self, end: int) -> bytes | mmap.mmap:  # noqa: ARG002 (all of it is there)
        return self.data


def facts_of_parts(parts: Sequence[Header]) -> GgufFacts:
    """Of a model in as many files. Raises ModelDamaged for metadata that make no sense.

    The first part has all metadata, each has its own tensors: llama.cpp, tools/gguf-split/gguf-split.cpp.
    """
    header = parts[0]
    values = header.metadata
    architecture = str(values.get("general.architecture", "unknown"))
    heads = header.integer(f"{architecture}.attention.head_count", 1)
    width = header.integer(f"{architecture}.embedding_length", 0)
    head_dim = width // max(heads, 1)
    return GgufFacts(
        file_size=sum(part.file_size for part in parts),
        weights_size=sum(part.weights_size for part in parts),
        architecture=architecture,
        name=str(values["general.name"]) if "general.name" in values else None,
        context_length=header.integer(f"{architecture}.context_length", 0) or None,
        layers=header.integer(f"{architecture}.block_count", 0),
        embedding_length=width,
        feed_forward_length=header.integer(f"{architecture}.feed_forward_length", 0)
        or header.integer(f"{architecture}.expert_feed_forward_length", 0),
        vocabulary=header.integer("tokenizer.ggml.tokens", 0),
        heads=heads,
        kv_heads=header.integer(f"{architecture}.attention.head_count_kv", heads),
        key_length=header.integer(f"{architecture}.attention.key_length", head_dim),
        value_length=header.integer(f"{architecture}.attention.value_length", head_dim),
        chat_template="tokenizer.chat_template" in values,
        parameters=sum(part.parameters for part in parts),
        expert_parameters=sum(part.expert_parameters for part in parts),
        experts=header.integer(f"{architecture}.expert_count", 0),
        active_experts=header.integer(f"{architecture}.expert_used_count", 0),
        tied=all(part.tied for part in parts),
        licence=str(values["general.license"]) if "general.license" in values else None,
    )
