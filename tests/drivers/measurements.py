"""Published measurements of what engines made of a GPU, and what sizing makes of the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts, StoredQuantization
from llmctl.serving.sizing.expert_kernels import MARLIN, TRITON_KEEPING_SCALES
from llmctl.serving.sizing.load import Load
from llmctl.serving.sizing.memory import MemorySplit, split_memory
from llmctl.serving.spec import EngineName

FILE = Path(__file__).parents[1] / "unit" / "serving" / "sizing" / "measurements.json"
MIB, GIB = 1024**2, 1024**3
KERNELS = {"marlin": MARLIN, "triton, scales kept": TRITON_KEEPING_SCALES}


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One published run. `tokens` is None where the source ran out of memory."""

    name: str
    engine: EngineName
    version: str
    gpu: str
    gpus: int
    settings: str
    tokens: int | None
    role: str
    """calibration, held-out, or out of memory."""

    source: str
    published: str
    quoted: str
    facts: ModelFacts
    accelerator: Accelerator
    load: Load

    @property
    def sized(self) -> MemorySplit:
        return split_memory(self.facts, self.accelerator, self.gpus, self.load)

    @property
    def error(self) -> float:
        """Share by which the sized tokens are above (+) or below (-) the measured ones."""
        assert self.tokens is not None
        return self.sized.kv_tokens / self.tokens - 1


@cache
def measurements() -> tuple[Measurement, ...]:
    return tuple(_measurements(json.loads(FILE.read_text(encoding="utf-8"))))


def _measurements(content: dict[str, Any]) -> Iterator[Measurement]:
    for row in content["measurements"]:
        settings = dict(row["load"])
        if "visible_gib" in settings:
            settings["visible_memory"] = int(settings.pop("visible_gib") * GIB)
        if "kernel" in settings:
            settings["kernel"] = KERNELS[settings["kernel"]]
        engine = EngineName(row["engine"])
        yield Measurement(
            name=row["model"],
            engine=engine,
            version=row["version"],
            gpu=row["gpu"],
            gpus=row["gpus"],
            settings=row["settings"],
            tokens=row["tokens"],
            role=row["role"],
            source=row["source"],
            published=row["published"],
            quoted=row["quoted"],
            facts=_facts(row["facts"]),
            accelerator=_accelerator(row["gpu"], content["other_gpus"]),
            load=Load(engine=engine, **settings),
        )


def _facts(row: dict[str, Any]) -> ModelFacts:
    changes = {key: value for key, value in row.items() if key != "catalogue"}
    if quantization := changes.get("quantization"):
        changes["quantization"] = StoredQuantization(**quantization)
    return replace(catalogue()[row["catalogue"]], **changes)


def _accelerator(gpu: str, others: dict[str, Any]) -> Accelerator:
    if gpu in accelerators():
        return accelerators()[gpu]
    row = others[gpu]
    return replace(accelerators()["a10g"], name=gpu, title=row["title"], usable_memory=row["usable_mib"] * MIB)
