"""Put one model into serving/models/catalogue.json, from a copy of its config.json. Run where a copy lies, not in CI.

    .venv/bin/python .ci/catalogue.py OWNER/NAME config.json --source "owner/repo@commit path" --read-on 2026-11-24

Only the fields that the reader asks for are kept, so that a row stays small and shows what its numbers rest on.
It stands in .ci/ because it makes a file of the repository and is no part of the product.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from llmctl.serving.models.catalogue import FILE, row_facts


class Asked(Mapping[str, Any]):
    """A mapping that remembers which of its keys were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {k: Asked(v) if isinstance(v, Mapping) else v for k, v in values.items()}
        self._asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self._asked.add(key)
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        self._asked.update(self._values)
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def kept(self) -> dict[str, Any]:
        """What was asked for and is there, objects inside likewise."""
        found = {key: value for key, value in self._values.items() if key in self._asked}
        return {key: value.kept() if isinstance(value, Asked) else value for key, value in found.items()}


def add(rows: dict[str, Any], model_id: str, config: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Raises ModelError where the config does not suffice."""
    asked = Asked(config)
    quant = Asked(row["hf_quant"]) if row.get("hf_quant") else None
    row_facts(model_id, {**row, "config": asked, **({"hf_quant": quant} if quant else {})})
    rows[model_id] = {**row, "config": asked.kept(), **({"hf_quant": quant.kept()} if quant else {})}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model_id")
    parser.add_argument("config", type=Path)
    parser.add_argument("--source", required=True)
    parser.add_argument("--read-on", required=True)
    parser.add_argument("--hf-quant", type=Path)
    parser.add_argument("--licence")
    parser.add_argument("--gated", action=argparse.BooleanOptionalAction)
    given = parser.parse_args()
    rows = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    said = {name: getattr(given, name) for name in ("source", "read_on", "licence", "gated")}
    row = {name: value for name, value in said.items() if value is not None}
    if given.hf_quant:
        row["hf_quant"] = json.loads(given.hf_quant.read_text(encoding="utf-8"))
    add(rows, given.model_id, json.loads(given.config.read_text(encoding="utf-8")), row)
    write(rows)


def write(rows: Mapping[str, Any]) -> None:
    """One line per row: a change of one model is a change of one line."""
    lines = [f"{json.dumps(name)}: {json.dumps(rows[name])}" for name in sorted(rows, key=str.lower)]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
