"""Amounts that the API server writes in another way than they were given: 1024Mi comes back as 1Gi, 0.5 as 500m."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

# https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
SUFFIXES = {
    **{suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)},
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    "": Decimal(1),
    "m": Decimal("1e-3"),
    "u": Decimal("1e-6"),
    "n": Decimal("1e-9"),
}
QUANTITY = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?P<suffix>[KMGTPE]i|[numkMGTPE]?)")

MAPS = frozenset({"limits", "requests", "hard", "capacity", "overhead"})
FIELDS = frozenset({"sizeLimit", "divisor", "averageValue"})


def is_quantity_at(path: tuple[str | int, ...]) -> bool:
    return bool(path) and (path[-1] in FIELDS or (len(path) > 1 and path[-2] in MAPS))


def same_quantity(one: Any, other: Any) -> bool:
    amount = _amount(one)
    return amount is not None and amount == _amount(other)


def same_value(path: tuple[str | int, ...], one: Any, other: Any) -> bool:
    return bool(one == other) or (is_quantity_at(path) and same_quantity(one, other))


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    found = QUANTITY.fullmatch(str(value))
    return Decimal(found["number"]) * SUFFIXES[found["suffix"]] if found else None
