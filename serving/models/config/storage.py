"""Which weights of a model are quantized, how many bits each takes, and the bytes of all of them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from llmctl.serving.models.config.part import Part
from llmctl.serving.models.facts import StoredQuantization

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}

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
        return bits_with_scales(self.stored.method, self.stored.bits, self.stored.group_size, self.scale_bits)

    def linear_bytes(self, part: Part, plain: int) -> float:
        """Of the part's linear weights in all its layers; `plain` is the bytes of a number that is not quantized."""
        covered = self.covered_layers(part)
        return part.linear * (covered * self.bits / 8 + (len(part.layers) - covered) * plain)

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


@dataclass(frozen=True, kw_only=True)
class MixedStorage(Storage):
    """Modules that are stored in different formats, each named."""

    modules: Mapping[str, float]
    """Path -> bits per weight, scales counted; a module that is not here is not quantized."""

    @cached_property
    def _mixers(self) -> bool:
        return any(".mixer." in path for path in self.modules)

    def linear_bytes(self, part: Part, plain: int) -> float:
        return sum(part.linear * self._bytes_in(part.module.format(layer), plain) for layer in part.layers)

    def _bytes_in(self, module: str, plain: int) -> float:
        """Per weight. Experts may be named one by one, or all in one word."""
        if self._mixers:
            module = BLOCK.sub(r"\1.mixer.", module)
        for path in (module, module.replace("shared_experts", "shared_expert"), module.removesuffix(".0.down_proj")):
            if (bits := self.modules.get(path)) is not None:
                return bits / 8
        return float(plain)


def bits_with_scales(method: str, bits: float, group_size: int | None, scale_bits: int) -> float:
    """Bits per weight with its share of the group's scale, and of the zero point where the method stores one."""
    if not group_size:
        return bits
    zero = bits if method in ZERO_POINTS else 0
    return bits + (scale_bits + zero) / group_size


def weight_bytes(parts: Iterable[Part], dtype: str, how: Storage | None) -> int:
    """Bytes of all parts: linear layers as `how` says, everything else as `dtype`."""
    plain = BYTES[dtype]
    if how is None:
        return sum(part.parameters for part in parts) * plain
    total = 0.0
    for part in parts:
        total += how.linear_bytes(part, plain) if part.linear else 0
        total += part.other * len(part.layers) * plain
    return round(total)


def plain_path(pattern: str) -> str:
    """Multimodal repositories put the language model one level deeper, some hybrids call it backbone."""
    return pattern.strip(".").replace("language_model.", "").replace("backbone.", "model.")
