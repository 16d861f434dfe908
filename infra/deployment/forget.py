"""Take a stack out of Pulumi's state without asking anybody: for what was gone before its stack was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STACK = "pulumi:pulumi:Stack"
PROVIDERS = "pulumi:providers:"


def resources(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of what the state holds besides the stack itself, its providers and its components."""
    return tuple(each["urn"].rpartition("::")[2] for each in state.get("resources") or () if _is_made(each))


def _is_made(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("custom")) and not resource["type"].startswith(PROVIDERS)


def emptied(state: Mapping[str, Any]) -> dict[str, Any]:
    """The same state with nothing in it."""
    return {**state, "resources": [], "pending_operations": []}
