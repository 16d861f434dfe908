"""Prices from a user's file: negotiated ones, or newer ones than the snapshot's.

The file is a CSV table in UTF-8 with this first line, the columns in any order:

    cloud,machine_type,region,on_demand,spot,date,source

`on_demand` and `spot` are US dollars an hour for the whole machine; `spot` may be empty. `date` is the day the price
holds at `source`, YYYY-MM-DD. A row takes the place of the snapshot's price of that machine type in that region,
spot included, or adds the region.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path

from llmctl.serving.errors import HardwareError
from llmctl.serving.hardware.machine_type import Cloud, MachineType, Price

COLUMNS = ("cloud", "machine_type", "region", "on_demand", "spot", "date", "source")
REGION = {
    Cloud.AWS: re.compile(r"[a-z]{2}(-[a-z]+)+-\d"),
    Cloud.GCP: re.compile(r"[a-z]+-[a-z]+\d+"),
    Cloud.AZURE: re.compile(r"[a-z]+\d?"),
}
"""What the region names of each cloud look like; keeps zones and display names out."""

Key = tuple[Cloud, str]


def age(price: Price, today: date) -> int:
    """Days since the price was read at its source."""
    return (today - price.as_of).days


def override(machine_types: Iterable[MachineType], path: Path) -> tuple[MachineType, ...]:
    """The machine types with the prices of the file in place of theirs, cheapest on-demand first.

    Raises HardwareError that names file and line.
    """
    known = {(machine.cloud, machine.name): machine for machine in machine_types}
    found: dict[Key, dict[str, Price]] = {}
    for line, row in _rows(path):
        try:
            key, price = _row(row, known)
            if price.region in found.setdefault(key, {}):
                raise ValueError(f"{key[1]} in {price.region} has a row already; keep one of the two")
        except ValueError as error:
            raise HardwareError(f"{path}, line {line}: {error}") from error
        found[key][price.region] = price
    return tuple(_with_prices(machine, found.get(key, {})) for key, machine in known.items())


def _with_prices(machine: MachineType, found: Mapping[str, Price]) -> MachineType:
    prices = {price.region: price for price in machine.prices} | dict(found)
    return replace(machine, prices=tuple(sorted(prices.values(), key=lambda price: (price.on_demand, price.region))))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = _header(next(reader, []), path)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, _cells(header, cells, path, reader.line_num)
    except OSError as error:
        raise HardwareError(f"{path}: prices cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise HardwareError(f"{path}: not a CSV table in UTF-8 ({error}); save it as one") from error


def _header(cells: list[str], path: Path) -> list[str]:
    header = [cell.strip().lower() for cell in cells]
    if sorted(header) != sorted(COLUMNS):
        seen = ",".join(header) or "missing"
        raise HardwareError(f"{path}, line 1: the columns are {seen}; write {','.join(COLUMNS)}, separated by commas")
    return header


def _cells(header: list[str], cells: list[str], path: Path, line: int) -> dict[str, str]:
    if len(cells) != len(header):
        raise HardwareError(f"{path}, line {line}: {len(cells)} cells where the first line has {len(header)}")
    return {name: cell.strip() for name, cell in zip(header, cells, strict=True)}


def _row(row: Mapping[str, str], known: Mapping[Key, MachineType]) -> tuple[Key, Price]:
    cloud = _cloud(row["cloud"])
    key = (cloud, _machine_type(cloud, row["machine_type"], known))
    on_demand = _dollars("on_demand", row["on_demand"])
    spot = _dollars("spot", row["spot"]) if row["spot"] else None
    if spot is not None and spot > on_demand:
        raise ValueError(f"spot {spot:g} is above on_demand {on_demand:g}; leave spot empty where it is not used")
    if not row["source"]:
        raise ValueError("source is empty; say where the price comes from, such as a contract")
    return key, Price(
        region=_region(cloud, row["region"]),
        on_demand=on_demand,
        spot=spot,
        as_of=_day(row["date"]),
        source=row["source"],
    )


def _cloud(word: str) -> Cloud:
    try:
        return Cloud(word)
    except ValueError:
        raise ValueError(f"cloud {word!r} is not known; write {', '.join(Cloud)}") from None


def _machine_type(cloud: Cloud, name: str, known: Mapping[Key, MachineType]) -> str:
    if (cloud, name) in known:
        return name
    names = [each for each_cloud, each in known if each_cloud == cloud]
    near = " or ".join(get_close_matches(name, names, n=3, cutoff=0.7)) or "one of docs/hardware.md"
    raise ValueError(f"machine_type {name!r} is none of {cloud}'s GPU machine types; write {near}")


def _region(cloud: Cloud, name: str) -> str:
    if not REGION[cloud].fullmatch(name):
        raise ValueError(f"region {name!r} does not look like one of {cloud}'s; write a region's id, not a zone's")
    return name


def _dollars(column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{column} {text!r} is no price; write US dollars an hour, above 0, such as 12.34")
    return value


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"date {text!r} is no day; write YYYY-MM-DD") from None
    if day > datetime.now(UTC).date() + timedelta(days=1):  # it may be tomorrow already where the price was read
        raise ValueError(f"date {text} is yet to come; write the day the price was read")
    return day
