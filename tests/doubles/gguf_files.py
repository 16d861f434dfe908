"""Small GGUF files made by the `gguf` package: the format as its makers write it, with weights of noughts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter

VOCABULARY = 300
TENSORS = ("token_embd.weight", "output.weight")


def write_gguf(
    path: Path,
    *,
    layers: int = 2,
    heads: int = 4,
    kv_heads: int | list[int] = 2,
    width: int = 64,
    key_length: int | None = None,
    feed_forward: int | None = 128,
    chat_template: str | None = "{{ messages }}",
    tensors: Sequence[str] = TENSORS,
) -> Path:
    """A file llama.cpp's tools would accept the header of; its tensors are one F32 and one Q4_0 matrix."""
    writer = GGUFWriter(path, "llama")
    writer.add_name("Tiny")
    writer.add_context_length(256)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    if feed_forward:
        writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    if key_length:
        writer.add_key_length(key_length)
        writer.add_value_length(key_length)
    writer.add_token_list([f"token{i}" for i in range(VOCABULARY)])
    writer.add_token_scores([0.5] * VOCABULARY)
    if chat_template:
        writer.add_chat_template(chat_template)
    _add_tensors(writer, tensors)
    return _written(writer, path)


def split_gguf(directory: Path, name: str) -> list[Path]:
    """The model of `write_gguf` in two parts, as llama-gguf-split makes them: the metadata in the first, the tensors in
    one part each."""
    paths = [directory / f"{name}-0000{number}-of-00002.gguf" for number in (1, 2)]
    write_gguf(paths[0], tensors=("token_embd.weight",))
    writer = GGUFWriter(paths[1], "llama")
    writer.add_uint16("split.no", 1)
    _add_tensors(writer, ("output.weight",))
    return [paths[0], _written(writer, paths[1])]


def _add_tensors(writer: GGUFWriter, names: Sequence[str]) -> None:
    if "token_embd.weight" in names:
        writer.add_tensor("token_embd.weight", np.zeros((3, 32), dtype=np.float32))
    if "output.weight" in names:
        writer.add_tensor("output.weight", np.zeros((5, 18), dtype=np.uint8), raw_dtype=GGMLQuantizationType.Q4_0)


def _written(writer: GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
