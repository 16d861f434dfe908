"""Fields of a config.json, asked for by name: a missing or nonsense one is an error that names field and file."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

from llmctl.serving.errors import ModelError

LARGEST = 2**40
"""No count in a config.json is larger; what is, would only make nonsense of every size."""

MOST_LAYERS = 4096
"""Many times those of any model; more is a damaged file."""


@dataclass(frozen=True)
class Fields:
    values: Mapping[str, Any]
    where: str
    """How messages name the file."""

    def with_defaults(self, defaults: Mapping[str, Any]) -> Fields:
        """The same fields, and `defaults` where they are left out."""
        maps = cast("list[MutableMapping[str, Any]]", [self.values, defaults])  # only read
        return Fields(ChainMap(*maps), self.where)

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def count(self, *names: str, default: int | None = None) -> int:
        """The first of `names` that is there, a whole number above 0. Raises ModelError; null counts as missing."""
        for name in names:
            if self.has(name):
                return self._checked(name, lowest=1)
        if default is None:
            raise ModelError(
                f"{self.where} has no {' or '.join(names)}, so the model cannot be sized. "
                f"Name the model's original repository, or a directory whose config.json has it."
            )
        return default

    def number(self, *names: str, default: int = 0) -> int:
        """As `count`, but 0 is allowed and a missing field is `default`."""
        return next((self._checked(name, lowest=0) for name in names if self.has(name)), default)

    def layers(self, *names: str, default: int | None = None) -> int:
        """As `count`, for things that are walked through one by one."""
        found = self.count(*names, default=default)
        if found > MOST_LAYERS:
            raise ModelError(f"{self.where}: {names[0]} is {found:,}; at most {MOST_LAYERS:,} layers can be sized.")
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ModelError(f"{self.where}: {name} is {_short(value)}; it must be true or false.")
        return value

    def word(self, name: str) -> str | None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise ModelError(f"{self.where}: {name} is {_short(value)}; it must be a word.")
        return value

    def inner(self, name: str) -> Fields:
        """The fields of an object inside; empty where there is none."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise ModelError(f"{self.where}: {name} is {_short(value)}; it must be an object.")
        return Fields(value or {}, f"{self.where} ({name})")

    def items(self, name: str) -> tuple[Any, ...]:
        value = self.values.get(name)
        if value is not None and not isinstance(value, list):
            raise ModelError(f"{self.where}: {name} is {_short(value)}; it must be a list.")
        return tuple(value or ())

    def refuse(self, what: str) -> NoReturn:
        """Raise ModelError that this file says `what` and it cannot be sized so."""
        raise ModelError(f"{self.where} names {what}. Name a repository of the same model stored in another way.")

    def _checked(self, name: str, *, lowest: int) -> int:
        value = self.values[name]
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value < LARGEST:
            raise ModelError(f"{self.where}: {name} is {_short(value)}; it must be a whole number from {lowest} up.")
        return value


def _short(value: object) -> str:
    return repr(value)[:40]
