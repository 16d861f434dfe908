"""Take a stack out of Pulumi's state without asking anybody: for what was gone before its stack was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STACK = "pulumi:pulumi:Stack"
PROVIDERS = "pulumi:providers:"
OBJECTS = "kubernetes:"


def resources(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of what the state holds besides the stack itself, its providers and its components."""
    return tuple(each["urn"].rpartition("::")[2] for each in state.get("resources") or () if _is_made(each))


def _is_made(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("custom")) and not resource["type"].startswith(PROVIDERS)


def of_cluster(state: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of what the state holds of a cluster's objects; all there is where the stack is nothing else."""
    return tuple(each["urn"].rpartition("::")[2] for each in state.get("resources") or () if _is_object(each))


def without_cluster(state: Mapping[str, Any]) -> dict[str, Any]:
    """The same state without a cluster's objects; with nothing in it where there is nothing else."""
    resources_left = [each for each in state.get("resources") or () if not _in_cluster(each)]
    if not any(_is_made(each) for each in resources_left):
        return emptied(state)
    gone = {each["urn"] for each in state["resources"] if _in_cluster(each)}
    pending = [each for each in state.get("pending_operations") or () if not _in_cluster(each["resource"])]
    kept = [_independent(each, gone) for each in resources_left]
    return {**state, "resources": kept, "pending_operations": pending}


def _independent(resource: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    """Without a word of what is gone: the Pulumi engine refuses a state that names what it does not hold."""
    of_property = resource.get("propertyDependencies") or {}
    return {
        **resource,
        "dependencies": [urn for urn in resource.get("dependencies") or () if urn not in gone],
        "propertyDependencies": {key: [u for u in urns or () if u not in gone] for key, urns in of_property.items()},
    }


def _is_object(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("custom")) and resource["type"].startswith(OBJECTS)


def _in_cluster(resource: Mapping[str, Any]) -> bool:
    """An object of a cluster, or the provider that has it."""
    return _is_object(resource) or resource["type"] == f"{PROVIDERS}{OBJECTS.removesuffix(':')}"


def emptied(state: Mapping[str, Any]) -> dict[str, Any]:
    """The same state with nothing in it."""
    return {**state, "resources": [], "pending_operations": []}
