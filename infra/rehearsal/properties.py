"""Values as they travel to and from the Pulumi engine: of any depth, with secret and unknown values in them.

An unknown value stays the string by which the engine tells it. A secret stays wrapped until `plain`; `with_secrets`
puts wrappers back where the program had them.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

UNKNOWN = rpc.UNKNOWN


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Values by name, secrets wrapped, whole numbers as int, nulls left out."""
    decoded: dict[str, Any] = _decoded(json_format.MessageToDict(struct))
    return decoded


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _decoded(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def to_struct(properties: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    json_format.ParseDict(properties, struct)
    return struct


def plain(value: Any) -> Any:
    """Without wrappers, at any depth."""
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def is_unknown(value: Any) -> bool:
    """Whether anything in it is."""
    if isinstance(value, dict):
        return any(is_unknown(each) for each in value.values())
    if isinstance(value, list):
        return any(is_unknown(each) for each in value)
    return bool(value == UNKNOWN)


def _has_secret(value: Any) -> bool:
    if rpc.is_rpc_secret(value):
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(_has_secret(each) for each in inner)


def with_secrets(values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`values` with everything wrapped that `given` has as a secret under the same name.

    A list with one secret in it is a secret as a whole, since an API may order it anew.
    """
    return {key: _like(each, given.get(key)) for key, each in values.items()}


def _like(value: Any, given: Any) -> Any:
    if isinstance(value, dict) and isinstance(given, dict) and not rpc.is_rpc_secret(given):
        return with_secrets(value, given)
    return wrapped(value) if _has_secret(given) else value


def wrapped(value: Any) -> Any:
    """As a secret."""
    return value if rpc.is_rpc_secret(value) else rpc.wrap_rpc_secret(value)
