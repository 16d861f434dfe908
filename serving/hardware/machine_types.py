"""The GPU machine types of the clouds with a dated snapshot of their prices, read once from machine_types.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from llmctl.serving.hardware.machine_type import Cloud, MachineType, Price
from llmctl.serving.hardware.prices import override

BUNDLED = Path(__file__).with_name("machine_types.json")
GIB, GIGABIT = 1024**3, 1e9


class Source(NamedTuple):
    text: str
    day: date


def machine_types(prices: Path | None = None) -> tuple[MachineType, ...]:
    """All of them, by cloud, family and size; with the prices of a file (docs/hardware.md has its format) in place
    of the snapshot's.

    Raises HardwareError when that file cannot be read or a row of it is wrong.
    """
    return override(_snapshot(), prices) if prices else _snapshot()


@cache
def _snapshot() -> tuple[MachineType, ...]:
    content = json.loads(BUNDLED.read_text(encoding="utf-8"))
    sources = {
        key: Source(source["text"], date.fromisoformat(source["date"])) for key, source in content["sources"].items()
    }
    return tuple(_machine_type(row, sources) for row in content["machine_types"])


def _machine_type(row: dict[str, Any], sources: Mapping[str, Source]) -> MachineType:
    facts = sources[row["facts"]]
    network = row["network_gbps"]
    return MachineType(
        cloud=Cloud(row["cloud"]),
        name=row["name"],
        accelerator=row["accelerator"],
        gpus=row["gpus"],
        vcpus=row["vcpus"],
        memory=int(row["memory_gib"] * GIB),
        local_storage=row["local_bytes"],
        network=None if network is None else network * GIGABIT,
        spot_only=row.get("spot_only", False),
        prices=tuple(_price(region, price, sources) for region, price in row["prices"].items()),
        source=facts.text,
        as_of=facts.day,
    )


def _price(region: str, price: tuple[float, float | None, str], sources: Mapping[str, Source]) -> Price:
    on_demand, spot, key = price
    source = sources[key]
    return Price(region=region, on_demand=on_demand, spot=spot, as_of=source.day, source=source.text)
