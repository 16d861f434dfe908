"""The bundled catalogue: open models whose config.json was read beforehand, so that sizing needs no network.

A row keeps the fields of config.json that are read (catalogue.json), and the facts are made from them on demand by the
same function as those of the Hub. `.ci/catalogue.py` adds rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from llmctl.serving.models.config.facts_of import Origin, facts_of
from llmctl.serving.models.facts import ModelFacts

FILE = Path(__file__).with_name("catalogue.json")


@dataclass(frozen=True)
class Catalogue(Mapping[str, ModelFacts]):
    """Hub id -> facts."""

    rows: Mapping[str, Mapping[str, Any]]

    def __getitem__(self, model_id: str) -> ModelFacts:
        self.rows[model_id]  # an unknown id is a KeyError, as of any mapping
        return _facts(model_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@cache
def catalogue() -> Catalogue:
    """All rows, read once."""
    return Catalogue(json.loads(FILE.read_text(encoding="utf-8")))


@cache
def _facts(model_id: str) -> ModelFacts:
    return row_facts(model_id, catalogue().rows[model_id])


def row_facts(model_id: str, row: Mapping[str, Any]) -> ModelFacts:
    """The facts of one row: its `config` (and `hf_quant`) by formula, licence and gating where they were read."""
    origin = Origin(
        id=model_id,
        source=row["source"],
        read_on=row["read_on"],
        licence=row.get("licence"),
        gated=row.get("gated"),
    )
    return facts_of(row["config"], origin, hf_quant=row.get("hf_quant"))
