"""What an AWS client refuses before it asks: the inputs of a create as the request that they become.

client.json says which call a type's create is (the first one, where it takes several), and where an input goes whose
name is not that of the request's field; any other goes where the names are the same but for their case, and what the
call has no field for is left to other calls. Checked by botocore's own validator and by the enums of its models, which
it leaves to the API.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from llmctl.infra.project import user_cache
from llmctl.infra.rehearsal.cloud.errors import Rejected
from llmctl.infra.rehearsal.cloud.request import Operation, Request

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

STEP = re.compile(r"([A-Za-z0-9]+)|\[([0-9]+)\]")


def validate(request: Request) -> None:
    """Raises Rejected where the client would."""
    row = _table().get(request.type)
    if row is None or request.operation is not Operation.CREATE:
        return
    service, call = row["call"].split()
    model = operation(service, call)
    found = list(faults(request_of(request.inputs, row, model), model))
    if found:
        raise Rejected(f"creating {request.type}: operation error {service}: {call}, {'; '.join(found)}")


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads(
        files(__package__).joinpath("client.json").read_text(encoding="utf-8")
    )
    return table


def request_of(inputs: Mapping[str, Any], row: Mapping[str, Any], model: OperationModel) -> dict[str, Any]:
    """The call's parameters."""
    names, shape = row.get("names", {}), model.input_shape
    made: dict[str, Any] = {}
    placed = [(names.get(name) or _member(name, shape), value) for name, value in inputs.items()]
    for path, value in [*row.get("set", {}).items(), *((path, value) for path, value in placed if path)]:
        steps = [name or int(index) for name, index in STEP.findall(path)]
        _place(made, steps, _converted(value, _shape_at(shape, steps)))
    return made


def _member(name: str, shape: Any) -> str | None:
    return next((member for member in shape.members if member.lower() == name.lower()), None)


def _shape_at(shape: Any, steps: list[str | int]) -> Any:
    for step in steps:
        shape = shape.member if isinstance(step, int) else shape.members[step]
    return shape


def _place(made: Any, steps: list[str | int], value: Any) -> None:
    """Lists here have one element."""
    step, rest = steps[0], steps[1:]
    if not rest:
        if isinstance(step, int):
            made[:] = [{**made[0], **value} if made else value]
        else:
            made[step] = {**made[step], **value} if isinstance(made.get(step), dict) else value
        return
    empty: Any = [] if isinstance(rest[0], int) else {}
    if isinstance(step, int):
        if not made:
            made.append(empty)
        _place(made[0], rest, value)
    else:
        _place(made.setdefault(step, empty), rest, value)


def _converted(value: Any, shape: Any) -> Any:
    """As the API has it: its names, lists of tags for maps of them, one element for an object in place of a list."""
    if shape.type_name == "list":
        if isinstance(value, dict) and (tag := _tag_names(shape.member)):
            return [{tag[0]: key, tag[1]: each} for key, each in value.items()]
        return [_converted(each, shape.member) for each in (value if isinstance(value, list) else [value])]
    if shape.type_name == "structure":
        return _structure(value[0] if isinstance(value, list) and len(value) == 1 else value, shape)
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _converted(each, shape.value) for key, each in value.items()}
    if shape.type_name == "boolean" and value in ("true", "false"):
        return value == "true"
    if shape.type_name in ("integer", "long") and isinstance(value, str) and value.isdigit():
        return int(value)
    return value


def _tag_names(shape: Any) -> tuple[str, str] | None:
    """What the members of a tag are called: Key and Value in most APIs, TagKey and TagValue in KMS's."""
    members = set(getattr(shape, "members", ()))
    return next((names for names in (("Key", "Value"), ("TagKey", "TagValue")) if members == set(names)), None)


def _structure(value: Any, shape: Any) -> Any:
    if not isinstance(value, dict):
        return {next(iter(shape.members)): value} if len(shape.members) == 1 else value
    found = {_member(name, shape): each for name, each in value.items()}
    return {name: _converted(each, shape.members[name]) for name, each in found.items() if name}


def faults(parameters: dict[str, Any], model: OperationModel) -> Iterator[str]:
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(parameters, model.input_shape)
    if report.has_errors():
        yield from report.generate_report().split("\n")
    yield from _enums("", parameters, model.input_shape)


def _enums(path: str, value: Any, shape: Shape | Any) -> Iterator[str]:
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, each in value.items():
            yield from _enums(f"{path}.{name}", each, shape.members[name])
    elif shape.type_name == "list" and isinstance(value, list):
        for each in value:
            yield from _enums(path, each, shape.member)
    elif getattr(shape, "enum", None) and isinstance(value, str) and value not in shape.enum:
        yield f"Value at {path.lstrip('.')} failed to satisfy enum value set: [{', '.join(shape.enum)}]"


@functools.cache
def operation(service: str, call: str) -> OperationModel:
    """The call's part of botocore's model, kept in the user's cache: the whole one of ec2 takes a second to read."""
    import botocore
    from botocore.model import ServiceModel

    kept = user_cache() / "rehearsal" / f"botocore-{botocore.__version__}" / f"{service}-{call}.json"
    if not kept.exists():
        from llmctl.infra.rehearsal.aws.sdk import keep

        keep(_cut(service, call), kept)
    return ServiceModel(json.loads(kept.read_text(encoding="utf-8")), service).operation_model(call)


def _cut(service: str, call: str) -> dict[str, Any]:
    whole = _whole(service)
    needed: set[str] = set()
    _gather(whole["operations"][call]["input"]["shape"], whole["shapes"], needed)
    alone = {key: value for key, value in whole["operations"][call].items() if key in ("name", "http", "input")}
    shapes = {name: whole["shapes"][name] for name in sorted(needed)}
    return {"metadata": whole["metadata"], "operations": {call: alone}, "shapes": shapes}


@functools.cache
def _whole(service: str) -> dict[str, Any]:
    from botocore.loaders import Loader

    model: dict[str, Any] = Loader().load_service_model(service, "service-2")
    return model


def _gather(name: str, shapes: Mapping[str, Any], needed: set[str]) -> None:
    if name in needed:
        return
    needed.add(name)
    shape = shapes[name]
    inner = [*shape.get("members", {}).values(), *(shape[key] for key in ("member", "key", "value") if key in shape)]
    for each in inner:
        _gather(each["shape"], shapes, needed)
