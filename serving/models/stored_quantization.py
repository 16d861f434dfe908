"""How a repository stores its weights: `quantization_config` of config.json, or NVIDIA's hf_quant_config.json."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from llmctl.serving.models.config_fields import Fields
from llmctl.serving.models.facts import StoredQuantization
from llmctl.serving.models.part import Part

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}

SCALE_BITS = {"mxfp4": 8, "nvfp4": 8}
"""Bits of a group's scale; 16 in the integer formats. MXFP4: one E8M0 byte per 32 (OCP Microscaling 1.0);
NVFP4: one E4M3 byte per 16."""

BITSANDBYTES_BLOCK = 64
"""Weights that share an absmax of 32 bits (bitsandbytes, functional.py)."""

WHOLE_ROW = -1
"""`group_size` of GPTQ and AWQ where a whole row shares a scale."""

BLOCK = re.compile(r"(layers\.\d+)\.(?:self_attn|mlp|mixer)\.")
"""The one block of a layer, which Nemotron-H calls mixer, whatever it is."""

ZERO_POINTS = ("awq", "gptq")
"""Methods that store a zero point per group beside the scale, as wide as a weight."""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """What of a model is quantized, and how."""

    stored: StoredQuantization
    ignored: tuple[str, ...]
    """Patterns of modules that stay in 16 bits: fnmatch, `re:` and a regular expression, or part of a path."""

    scale_bits: int = 16

    @property
    def bits(self) -> float:
        """Per weight, scales and zero points counted."""
        group = self.stored.group_size
        if not group:
            return self.stored.bits
        zero = self.stored.bits if self.stored.method in ZERO_POINTS else 0
        return self.stored.bits + (self.scale_bits + zero) / group

    def covered_layers(self, part: Part) -> int:
        """In how many of the part's layers its linear weights are quantized."""
        if not self._names_layers:
            return len(part.layers) if self.covers(part.module.format(part.layers[0])) else 0
        return sum(self.covers(part.module.format(layer)) for layer in part.layers)

    def covers(self, module: str) -> bool:
        """Whether the linear layers of `module` are quantized."""
        if self._mixers:
            module = BLOCK.sub(r"\1.mixer.", module)
        if module.startswith(self._prefixes) or any(pattern.match(module) for pattern in self._expressions):
            return False
        names = module.split(".")
        runs = (".".join(names[i:j]) for i in range(len(names)) for j in range(i + 1, len(names) + 1))
        return self._paths.isdisjoint(runs)

    @cached_property
    def _mixers(self) -> bool:
        return any(".mixer" in word for word in self.ignored)

    @cached_property
    def _names_layers(self) -> bool:
        return any(re.search(r"layers\\?\.\d", word) for word in self.ignored)

    # Lists of 700 modules are met: they are looked up, not walked through for every layer.
    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(word for word in self.ignored if "*" not in word and not word.startswith("re:"))

    @cached_property
    def _prefixes(self) -> tuple[str, ...]:
        return tuple(word[:-1] for word in self.ignored if "*" not in word[:-1] and word.endswith("*"))

    @cached_property
    def _expressions(self) -> tuple[re.Pattern[str], ...]:
        globs = [word for word in self.ignored if "*" in word[:-1] and not word.startswith("re:")]
        written = [word.removeprefix("re:") for word in self.ignored if word.startswith("re:")]
        return tuple(re.compile(word) for word in [*(fnmatch.translate(f"{glob}*") for glob in globs), *written])


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


def weight_bytes(parts: Iterable[Part], dtype: str, how: Storage | None) -> int:
    """Bytes of all parts: linear layers as `how` says, everything else as `dtype`."""
    plain = BYTES[dtype]
    if how is None:
        return sum(part.parameters for part in parts) * plain
    total = 0.0
    for part in parts:
        covered = how.covered_layers(part) if part.linear else 0
        total += part.linear * (covered * how.bits / 8 + (len(part.layers) - covered) * plain)
        total += part.other * len(part.layers) * plain
    return round(total)


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
    return found.refuse(f"quant_algo {algorithm!r}; known are FP8 and NVFP4")


def _made(method: str, bits: int, group: int | None, ignored: tuple[str, ...], *, scale_bits: int = 16) -> Storage:
    stored = StoredQuantization(method=method, bits=bits, group_size=group or None)
    return Storage(stored=stored, ignored=ignored, scale_bits=scale_bits)


def _words(found: Fields, *names: str) -> tuple[str, ...]:
    return tuple(_plain_path(str(word)) for name in names for word in found.items(name))


def _plain_path(pattern: str) -> str:
    """Multimodal repositories put the language model one level deeper, some hybrids call it backbone."""
    return pattern.strip(".").replace("language_model.", "").replace("backbone.", "model.")
