"""Where a stack was deployed, by Pulumi's state: account, region, cluster. Pinned at the first `up`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

PROVIDER = "pulumi:providers:aws"
CLUSTER = "aws:eks/cluster:Cluster"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    name: str
    endpoint: str
    """Address of the API server. No two clusters share one: a cluster that was made anew has another."""


@dataclass(frozen=True, kw_only=True)
class Pins:
    accounts: frozenset[str]
    """That the stack's provider may work in."""

    region: str
    cluster: Cluster | None = None
    """The stack's own, or the one it is attached to; None before there is one."""


def pinned(state: Mapping[str, Any]) -> Pins | None:
    """None before the first `up` and after `down`."""
    provider = next(_of_type(state, PROVIDER), None)
    if provider is None:
        return None
    inputs = provider.get("inputs") or {}
    return Pins(
        accounts=frozenset(_list(inputs.get("allowedAccountIds"))),
        region=str(inputs.get("region")),
        cluster=next((_cluster(each) for each in _of_type(state, CLUSTER) if "endpoint" in each["outputs"]), None),
    )


def _cluster(resource: Mapping[str, Any]) -> Cluster:
    """A resource that the stack only reads is in the state too."""
    return Cluster(name=resource["outputs"]["name"], endpoint=resource["outputs"]["endpoint"])


def _of_type(state: Mapping[str, Any], type_: str) -> Iterator[Mapping[str, Any]]:
    """With outputs, empty where the state has none."""
    return ({"outputs": {}, **each} for each in state.get("resources") or () if each["type"] == type_)


def _list(value: Any) -> list[str]:
    """The engine keeps a provider's settings as strings of JSON."""
    return list(json.loads(value) if isinstance(value, str) else value or ())
