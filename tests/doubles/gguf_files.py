"""Small GGUF files made by the `gguf` package: the format as its makers write it, with weights of noughts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter

VOCABULARY = 300


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
    writer.add_tensor("token_embd.weight", np.zeros((3, 32), dtype=np.float32))
    writer.add_tensor("output.weight", np.zeros((5, 18), dtype=np.uint8), raw_dtype=GGMLQuantizationType.Q4_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
