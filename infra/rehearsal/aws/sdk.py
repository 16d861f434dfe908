"""The types of pulumi-aws, read from the classes of the installed SDK by reflection and kept in the user's cache."""

from __future__ import annotations

import functools
import inspect
import json
import os
import re
import tempfile
import threading
import typing
import warnings
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llmctl.infra.project import user_cache

Schema = dict[str, Any]
"""`inputs`: name -> {type, required}; `outputs`: names; `objects`: name -> like inputs. A type is `string`, `integer`,
`number`, `boolean`, `any`, {"list": T}, {"map": T} or {"object": NAME}."""

TOKEN = re.compile(r"aws:(?P<module>[a-z0-9]+)/[A-Za-z0-9]+:(?P<name>[A-Za-z0-9]+)")

SCALARS: Mapping[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}


def sdk_version() -> str:
    return version("pulumi-aws")


def knows(token: str) -> bool:
    try:
        schema_of(token)
    except LookupError:
        return False
    return True


@functools.cache
def schema_of(token: str) -> Schema:
    """Raises LookupError for a type that the SDK does not have."""
    found = TOKEN.fullmatch(token)
    if found is None:
        raise LookupError(token)
    kept = user_cache() / "rehearsal" / f"pulumi-aws-{sdk_version()}" / f"{found['module']}-{found['name']}.json"
    if kept.exists():
        schema: Schema = json.loads(kept.read_text(encoding="utf-8"))
        return schema
    with IMPORTING:
        schema = reflected(found["module"], found["name"])
    keep(schema, kept)
    return schema


IMPORTING = threading.Lock()
"""The SDK's modules load when they are first used, and two threads that do so at once wait for each other for ever."""


def keep(schema: Schema, path: Path) -> None:
    """In one step: several doubles may look at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(schema, file)
    os.replace(file.name, path)  # noqa: PTH105  (Path.replace is the same)


def reflected(module_name: str, name: str) -> Schema:
    """Imports the SDK's module, which takes a second; raises LookupError where there is none, or no such class."""
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # of resources that nobody uses
            module = import_module(f"pulumi_aws.{module_name}")
            # Packages of the SDK load when something is asked of them; one of whose modules is imported before that
            # would never be whole.
            getattr(module, name)
            # Objects within another resource may have these names too; the resource's arguments are its InitArgs then.
            own = import_module(f"{module.__name__}.{_file_name(name)}")
        resource, arguments = getattr(own, name), getattr(own, f"{name}InitArgs", None) or getattr(own, f"{name}Args")
    except (ImportError, AttributeError) as error:
        raise LookupError(f"aws:{module_name}:{name}") from error
    objects: dict[str, Any] = {}
    reader = _Reader(module, objects)
    inputs = reader.fields(arguments)
    return {"inputs": inputs, "outputs": sorted(_names(resource)), "objects": objects}


def _file_name(name: str) -> str:
    """`OpenIdConnectProvider` -> `open_id_connect_provider`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@functools.cache
def provider_schema() -> Schema:
    import pulumi_aws

    objects: dict[str, Any] = {}
    with IMPORTING:
        inputs = _Reader(pulumi_aws, objects).fields(pulumi_aws.ProviderArgs)
    return {"inputs": inputs, "outputs": [], "objects": objects}


class _Reader:
    def __init__(self, module: Any, objects: dict[str, Any]) -> None:
        import pulumi

        inner = import_module(f"{module.__name__}._inputs")
        # pulumi.Input says "Output[T]" in a string.
        self._scope = {**vars(inner), "Output": pulumi.Output, "T": typing.TypeVar("T")}
        self._objects = objects

    def fields(self, arguments: type) -> dict[str, Any]:
        needed = _required(arguments)
        return {
            _pulumi_name(member): {
                "type": self._type(self._annotation(member)),
                "required": attribute in needed,
            }
            for attribute, member in _properties(arguments).items()
        }

    def _annotation(self, member: property) -> Any:
        hints = typing.get_type_hints(member.fget, {**self._scope, **_globals(member)}, self._scope)
        return hints["return"]

    def _type(self, annotation: Any) -> Any:
        options = _options(annotation)
        enum = next((each for each in options if isinstance(each, type) and hasattr(each, "__members__")), None)
        if enum is not None or len(options) != 1:
            return "string" if str in options or enum is not None else "any"
        only = options[0]
        origin, inner = typing.get_origin(only), typing.get_args(only)
        if only in SCALARS:
            return SCALARS[only]
        if origin is not None and issubclass(origin, Mapping):
            return {"map": self._type(inner[1])}
        if origin is not None and inner:
            return {"list": self._type(inner[0])}
        return self._object(only)

    def _object(self, class_: Any) -> Any:
        if not _properties(class_):
            return "any"
        name = class_.__name__
        if name not in self._objects:
            self._objects[name] = {}  # WebACL's statements contain themselves
            self._objects[name] |= self.fields(class_)
        return {"object": name}


def _options(annotation: Any) -> list[Any]:
    """What may stand there: an Input is its value, an awaitable or an Output; an object its class or a TypedDict."""
    if not isinstance(annotation, type) and typing.get_origin(annotation) in (typing.Union, _UNION):
        found = [each for part in typing.get_args(annotation) for each in _options(part)]
        return list(dict.fromkeys(found))
    name = getattr(typing.get_origin(annotation) or annotation, "__name__", "")
    if annotation is type(None) or name in ("Output", "Awaitable") or typing.is_typeddict(annotation):
        return []
    return [annotation]


_UNION = type(int | str)


def _globals(member: property) -> dict[str, Any]:
    return getattr(member.fget, "__globals__", {})


def _properties(class_: Any) -> dict[str, property]:
    members = vars(class_).items() if isinstance(class_, type) else ()
    return {name: member for name, member in members if isinstance(member, property)}


def _pulumi_name(member: property) -> str:
    return str(getattr(member.fget, "_pulumi_name", member.fget.__name__ if member.fget else ""))


def _names(class_: type) -> list[str]:
    return [_pulumi_name(member) for member in _properties(class_).values()]


def _required(class_: type) -> set[str]:
    parameters = list(inspect.signature(class_.__init__).parameters.values())[1:]  # type: ignore[misc]
    return {each.name for each in parameters if each.default is inspect.Parameter.empty}
