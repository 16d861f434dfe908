"""Files of a model repository as the Hub has them: config.json, weights of noughts, an index over their shards."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

WIDTHS = {"F32": 4, "F16": 2, "BF16": 2, "I32": 4, "F8_E4M3": 1}

TINY_CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 300,
    "max_position_embeddings": 256,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}


def config(**fields: Any) -> dict[str, Any]:
    """The config.json of a tiny Llama, with other fields; None leaves one out."""
    return {name: value for name, value in {**TINY_CONFIG, **fields}.items() if value is not None}


def as_json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values).encode()


def safetensors(**tensors: tuple[str, tuple[int, ...]]) -> bytes:
    """A safetensors file: an 8-byte length, a JSON header, and the tensors one after another."""
    header, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        end = at + math.prod(shape) * WIDTHS[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, end]}
        at = end
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + bytes(at)


def index(total_size: int, *shards: str) -> bytes:
    weight_map = {f"model.layers.{i}.mlp.weight": shard for i, shard in enumerate(shards)}
    return as_json({"metadata": {"total_size": total_size}, "weight_map": weight_map})
