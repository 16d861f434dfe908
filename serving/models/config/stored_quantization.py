"""How a repository stores its weights: `quantization_config` of config.json, or NVIDIA's hf_quant_config.json."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from llmctl.serving.models.config.fields import Fields
from llmctl.serving.models.config.storage import MixedStorage, Storage, bits_with_scales, plain_path
from llmctl.serving.models.facts import StoredQuantization

SCALE_BITS = {"mxfp4": 8, "nvfp4": 8}
"""Bits of a group's scale; 16 in the integer formats. MXFP4: one E8M0 byte per 32 (OCP Microscaling 1.0);
NVFP4: one E4M3 byte per 16."""

BITSANDBYTES_BLOCK = 64
"""Weights that share an absmax of 32 bits (bitsandbytes, functional.py)."""

WHOLE_ROW = -1
"""`group_size` of GPTQ and AWQ where a whole row shares a scale."""


def storage(config: Fields, hf_quant: Fields | None) -> Storage | None:
    """None for plain numbers. Raises ModelError for a method that is not known."""
    found = config.inner("quantization_config")
    if not found.values:
        found = config.inner("text_config").inner("quantization_config")
    if hf_quant is not None and not found.values:
        return _modelopt(hf_quant.inner("quantization"))
    if not found.values:
        return None
    method = found.word("quant_method") or ""
    if method == "modelopt" or (not method and found.has("quant_algo")):
        return _modelopt(found)
    if method == "compressed-tensors":
        return _compressed_tensors(found)
    return _by_method(method, found)


def _by_method(method: str, found: Fields) -> Storage:
    ignored = _words(found, "modules_to_not_convert", "ignored_layers")
    if method in ("awq", "gptq"):
        group = 0 if found.values.get("group_size") == WHOLE_ROW else found.number("group_size")
        return _made(method, found.count("bits"), group, ignored)
    if method == "fp8":
        block = found.items("weight_block_size")
        weights = int(block[0]) * int(block[1]) if len(block) == 2 else None
        return _made(method, 8, weights, ignored, scale_bits=32)
    if method == "mxfp4":
        return _made(method, 4, 32, ignored, scale_bits=SCALE_BITS["mxfp4"])
    if method == "bitsandbytes":
        if found.flag("load_in_8bit", default=False):
            return _made(method, 8, None, ignored)
        return _made(method, 4, BITSANDBYTES_BLOCK, ignored, scale_bits=32)
    return found.refuse(
        f"quant_method {method!r}; known are awq, gptq, fp8, mxfp4, bitsandbytes, compressed-tensors, modelopt"
    )


def _compressed_tensors(found: Fields) -> Storage:
    """The first group's weights; a repository that mixes several is refused."""
    groups = [Fields(value, found.where) for value in found.inner("config_groups").values.values()]
    shapes = {(g.inner("weights").count("num_bits"), g.inner("weights").number("group_size")) for g in groups}
    if len(shapes) != 1:
        found.refuse(f"{len(shapes)} kinds of compressed-tensors weights; one kind can be sized")
    bits, group = shapes.pop()
    kind = groups[0].inner("weights").word("type")
    scale = SCALE_BITS["nvfp4"] if kind == "float" and bits == 4 else 16
    return _made("compressed-tensors", bits, group or None, _words(found, "ignore"), scale_bits=scale)


def _modelopt(found: Fields) -> Storage:
    ignored = _words(found, "ignore", "exclude_modules")
    algorithm = found.word("quant_algo") or ""
    if algorithm.startswith("FP8"):
        return _made("modelopt", 8, None, ignored)
    if algorithm == "NVFP4":
        group = found.number("group_size") or 16
        return _made("modelopt", 4, group, ignored, scale_bits=SCALE_BITS["nvfp4"])
    if algorithm == "MIXED_PRECISION":
        return _mixed(found)
    return found.refuse(f"quant_algo {algorithm!r}; known are FP8, NVFP4 and MIXED_PRECISION")


def _mixed(found: Fields) -> Storage:
    """Every quantized module by its name; said to be stored as most of them are."""
    modules = found.inner("quantized_layers").values
    if not modules:
        found.refuse("quant_algo MIXED_PRECISION without quantized_layers")
    each = {plain_path(name): _algorithm(found, how) for name, how in modules.items()}
    (bits, group), _ = Counter(each.values()).most_common(1)[0]
    counted = {name: bits_with_scales("modelopt", *how, SCALE_BITS["nvfp4"]) for name, how in each.items()}
    stored = StoredQuantization(method="modelopt", bits=bits, group_size=group)
    return MixedStorage(stored=stored, ignored=(), modules=counted)


def _algorithm(found: Fields, how: object) -> tuple[int, int | None]:
    """Bits and group size of one module."""
    fields = Fields(how if isinstance(how, Mapping) else {}, found.where)
    word = fields.word("quant_algo") or ""
    if word.startswith("FP8"):
        return 8, None
    if "NVFP4" in word:
        return 4, fields.number("group_size") or 16
    return found.refuse(f"a module with quant_algo {word!r}; known are FP8 and NVFP4")


def _made(method: str, bits: int, group: int | None, ignored: tuple[str, ...], *, scale_bits: int = 16) -> Storage:
    stored = StoredQuantization(method=method, bits=bits, group_size=group or None)
    return Storage(stored=stored, ignored=ignored, scale_bits=scale_bits)


def _words(found: Fields, *names: str) -> tuple[str, ...]:
    return tuple(plain_path(str(word)) for name in names for word in found.items(name))
