"""Property values as they travel to and from the Pulumi engine. Ours are flat: strings, whole numbers, secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc


class _Unknown:
    """A value that is only known after something else was deployed; only ever seen in a preview."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = _Unknown()
SECRET_NAMES = frozenset({"apiKey"})

Properties = Mapping[str, Any]


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Plain values by name; secrets unwrapped, nulls left out, whole numbers as int."""
    raw = json_format.MessageToDict(struct)
    return {name: _plain(value) for name, value in raw.items() if value is not None}


def _plain(value: Any) -> Any:
    if rpc.is_rpc_secret(value):
        value = rpc.unwrap_rpc_secret(value)
    if value == rpc.UNKNOWN:
        return UNKNOWN
    return int(value) if isinstance(value, float) and value.is_integer() else value


def to_struct(properties: Properties) -> struct_pb2.Struct:
    """The reverse. SECRET_NAMES leave as secrets whatever they came as, so that no state has them in clear."""
    wire = {name: _wire(name, value) for name, value in properties.items() if value is not None}
    struct = struct_pb2.Struct()
    json_format.ParseDict(wire, struct)
    return struct


def _wire(name: str, value: Any) -> Any:
    value = rpc.UNKNOWN if value is UNKNOWN else value
    return rpc.wrap_rpc_secret(value) if name in SECRET_NAMES else value
