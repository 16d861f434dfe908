"""What each engine can do, and where: rows for `llmctl engines` and docs/engines.md, from the engines' words only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llmctl.serving.engines.engine import Engine, Feature, Platform, Support
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.spec import EngineName

WORDS: Mapping[Platform, str] = {
    Platform.CUDA: "NVIDIA",
    Platform.ROCM: "AMD",
    Platform.NEURON: "Inferentia",
    Platform.CPU: "processor",
}


WEIGHTS = {"any": "", "stored": "weights stored so", "plain": "made while loading"}
"""What Support.weights says, in a note."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One engine's answer."""

    platforms: tuple[Platform, ...]
    """Where it works, in the order of Platform. Empty: nowhere."""

    compute_capability: tuple[int, int] | None
    """The least one of an NVIDIA GPU; None where it does not work on CUDA."""

    note: str

    @property
    def where(self) -> str:
        """`NVIDIA 8.0, AMD`: the platforms, an NVIDIA GPU with the least compute capability; empty for nowhere."""
        least = ".".join(map(str, self.compute_capability or ()))
        words = (f"{WORDS[p]} {least}" if p is Platform.CUDA else WORDS[p] for p in self.platforms)
        return ", ".join(words)


@dataclass(frozen=True, kw_only=True)
class Row:
    kind: str
    """hardware, feature, quantization or KV cache."""

    names: tuple[str, ...]
    """What the row is about; several where all engines say the same of them."""

    cells: Mapping[EngineName, Cell]
    """An engine that does not know the thing has an empty cell."""


def matrix() -> tuple[Row, ...]:
    """All rows: hardware, then features in their order, then quantizations and KV cache types by name."""
    quantizations = {name: engine.quantizations for name, engine in ENGINES.items()}
    kv_caches = {name: engine.kv_cache_dtypes for name, engine in ENGINES.items()}
    return (_hardware(), *_features(), *_grouped("quantization", quantizations), *_grouped("KV cache", kv_caches))


def _hardware() -> Row:
    cells = {
        engine.name: _cell(engine, Support(platforms=frozenset(engine.images), note=_newest(engine)))
        for engine in ENGINES.values()
    }
    return Row(kind="hardware", names=("images",), cells=cells)


def _newest(engine: Engine) -> str:
    last = engine.compute_capabilities[1]
    return f"compute capability up to {last[0]}.{last[1]}" if last else ""


def _features() -> Iterator[Row]:
    for feature in Feature:
        cells = {engine.name: _cell(engine, engine.features.get(feature)) for engine in ENGINES.values()}
        yield Row(kind="feature", names=(feature.value,), cells=cells)


def _grouped(kind: str, tables: Mapping[EngineName, Mapping[str, Support]]) -> Iterator[Row]:
    """One row for all words of which every engine says the same, so that a GGUF's thirty do not fill a screen."""
    rows: dict[tuple[Cell, ...], list[str]] = {}
    for word in sorted({word for table in tables.values() for word in table}, key=str.lower):
        cells = tuple(_cell(ENGINES[name], table.get(word)) for name, table in tables.items())
        rows.setdefault(cells, []).append(word)
    for cells, words in rows.items():
        yield Row(kind=kind, names=tuple(words), cells=dict(zip(tables, cells, strict=True)))


def _cell(engine: Engine, support: Support | None) -> Cell:
    if support is None:
        return Cell(platforms=(), compute_capability=None, note="")
    platforms = tuple(platform for platform in Platform if platform in support.platforms)
    # A thing that works from a lower capability on than the image does works where the image does.
    least = max(support.min_compute_capability or (0, 0), engine.compute_capabilities[0])
    return Cell(
        platforms=platforms,
        compute_capability=least if Platform.CUDA in platforms else None,
        note="; ".join(filter(None, (WEIGHTS[support.weights], support.note))),
    )
