"""What the state must not show of an object."""

from __future__ import annotations

from typing import Any

from llmctl.infra.rehearsal.properties import with_secrets, wrapped

SECRET_FIELDS = ("data", "stringData")
"""Of a Secret: never in clear, whatever the program says."""


def hidden(values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`values` with secrets where `given` has them; what a Secret holds is one always."""
    if values.get("kind") == "Secret" and isinstance(values.get("apiVersion"), str):
        return {key: wrapped(each) if key in SECRET_FIELDS else each for key, each in values.items()}
    return with_secrets(values, given)
