"""What is there beside the thing that a request is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

NAMES = ("arn", "name", "keyId", "bucket")
"""Outputs by which other resources refer to one, besides its id."""


def in_account(request: Request, world: World, *types: str) -> Iterator[Existing]:
    """Others in the request's account, whatever their region (IAM has none)."""
    for thing in world.of_type(*types):
        if thing.account == request.account and not _same(thing, request):
            yield thing


def in_region(request: Request, world: World, *types: str) -> Iterator[Existing]:
    """Others in the request's account and region."""
    return (thing for thing in in_account(request, world, *types) if thing.region == request.region)


def referred(request: Request, world: World, type_: str, reference: object) -> Existing | None:
    """The thing in the account that an input names by id, ARN or name."""
    if not isinstance(reference, str) or not reference:
        return None
    return next((thing for thing in in_account(request, world, type_) if is_named(thing, reference)), None)


def is_named(thing: Existing, reference: object) -> bool:
    return reference == thing.id or any(reference == thing.outputs.get(key) for key in NAMES if key in thing.outputs)


def listed(values: Mapping[str, Any], key: str) -> list[Any]:
    """An input that is a list, or absent."""
    value = values.get(key)
    return value if isinstance(value, list) else []


def mapped(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """An input that is an object, or absent."""
    value = values.get(key)
    return value if isinstance(value, Mapping) else {}


def number(values: Mapping[str, Any], key: str) -> float | None:
    """An input that is a number, or absent; the provider takes numbers in strings too."""
    value = values.get(key)
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.lstrip("-").isdigit():
        return float(value)
    return float(value) if isinstance(value, int | float) else None


def _same(thing: Existing, request: Request) -> bool:
    return thing.type == request.type and thing.id == request.id
