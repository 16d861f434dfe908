"""What all settings share: frozen, keys in camelCase, nothing that is not a setting, numbers that are numbers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


def _no_truth_value(value: Any) -> Any:
    # `pulumi config set` writes numbers as text, so text is taken; YAML's true would silently become 1.
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


Whole = BeforeValidator(_no_truth_value)


class Settings(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=False, use_attribute_docstrings=True
    )
