"""What Check does to a resource's inputs: a name where it has none, tags, and types."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from llmctl.infra.rehearsal.aws.sdk import Schema
from llmctl.infra.rehearsal.cloud.package import Naming, Problem
from llmctl.infra.rehearsal.cloud.plugin import DEFAULTS
from llmctl.infra.rehearsal.properties import UNKNOWN, is_unknown

NAMED_BY: Mapping[str, str] = {"aws:s3/bucket:Bucket": "bucket", "aws:eks/nodeGroup:NodeGroup": "nodeGroupName"}
"""Where it is not `name` that the provider makes up (provider/resources.go of pulumi-aws)."""

RANDOM_DIGITS = 7
"""Of a made-up name; pulumi.com/docs/iac/concepts/resources/names."""


def name_property(type_: str, schema: Schema) -> str | None:
    """Where the provider would put a name of its own making."""
    name = NAMED_BY.get(type_, "name")
    said = schema["inputs"].get(name)
    return name if said and said["type"] == "string" and not said["required"] else None


def named(
    type_: str, resource_name: str, news: dict[str, Any], olds: Mapping[str, Any], schema: Schema, naming: Naming
) -> dict[str, Any]:
    """With a name that stays what it is, marked as the provider's own."""
    name = name_property(type_, schema)
    if name is None or name in news or f"{name}Prefix" in news:
        return {**news, DEFAULTS: []}
    kept = olds.get(name) if name in (olds.get(DEFAULTS) or ()) else None
    made = naming.proposed or f"{resource_name}-{_digits(naming.seed)}"
    if type_ in NAMED_BY and name == "bucket":
        made = made.lower()
    return {**news, name: kept or made, DEFAULTS: [name]}


def _digits(seed: bytes) -> str:
    return f"{random.Random(seed).getrandbits(4 * RANDOM_DIGITS):0{RANDOM_DIGITS}x}"  # noqa: S311  (a name)


def tagged(news: dict[str, Any], default_tags: Mapping[str, str], schema: Schema) -> dict[str, Any]:
    """With `tagsAll`, which holds the provider's default tags too; provider/tags.go of pulumi-aws."""
    if "tagsAll" not in schema["outputs"]:
        return news
    tags = news.get("tags", {})
    return {**news, "tagsAll": UNKNOWN if is_unknown(tags) else {**default_tags, **tags}}


ADDED = (DEFAULTS, "tagsAll")
"""By the provider, beside the program's own."""


def problems(inputs: Mapping[str, Any], schema: Schema) -> list[Problem]:
    """Unknown, missing and of a wrong type, at any depth."""
    given = {name: value for name, value in inputs.items() if name not in ADDED}
    return list(_in_fields("", given, schema["inputs"], schema["objects"]))


def _in_fields(path: str, values: Mapping[str, Any], fields: Mapping[str, Any], objects: Any) -> Iterator[Problem]:
    for name, field in fields.items():
        if field["required"] and name not in values:
            yield Problem(path + name, f"Missing required argument: the property {path + name} has to be set")
    for name, value in values.items():
        if name in fields:
            yield from _in_value(path + name, value, fields[name]["type"], objects)
        elif name != DEFAULTS:
            known = ", ".join(sorted(fields))
            yield Problem(path + name, f"Invalid or unknown key {path + name}; there are {known}")


def _in_value(path: str, value: Any, type_: Any, objects: Any) -> Iterator[Problem]:
    if value == UNKNOWN or type_ == "any":
        return
    if isinstance(type_, str):
        if not SCALARS[type_](value):
            yield Problem(path, f"expected a {type_}, got {_shown(value)}")
        return
    kind, inner = next(iter(type_.items()))
    if kind == "list" and isinstance(value, list):
        for index, each in enumerate(value):
            yield from _in_value(f"{path}[{index}]", each, inner, objects)
    elif kind == "object" and isinstance(value, dict):
        yield from _in_fields(f"{path}.", value, objects[inner], objects)
    elif kind == "map" and isinstance(value, dict):
        for key, each in value.items():
            yield from _in_value(f"{path}.{key}", each, inner, objects)
    else:
        yield Problem(path, f"expected {'a list' if kind == 'list' else 'an object'}, got {_shown(value)}")


def _shown(value: Any) -> str:
    """Its type alone: the value may be a secret."""
    return {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}.get(type(value), "a number")


SCALARS = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
