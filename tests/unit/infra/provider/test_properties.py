from __future__ import annotations

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

from llmctl.infra.provider.properties import UNKNOWN, from_struct, to_struct


def test_whole_numbers_come_as_int_and_secrets_unwrapped() -> None:
    struct = struct_pb2.Struct()
    json_format.ParseDict({"port": 8080, "none": None, "apiKey": rpc.wrap_rpc_secret("k"), "x": rpc.UNKNOWN}, struct)
    assert from_struct(struct) == {"port": 8080, "apiKey": "k", "x": UNKNOWN}
    assert isinstance(from_struct(struct)["port"], int)


def test_a_key_leaves_as_a_secret_however_it_came() -> None:
    wire = json_format.MessageToDict(to_struct({"apiKey": "k", "url": "http://x", "nothing": None}))
    assert wire == {"apiKey": rpc.wrap_rpc_secret("k"), "url": "http://x"}


def test_an_unknown_key_is_a_secret_too() -> None:
    assert from_struct(to_struct({"apiKey": UNKNOWN, "port": UNKNOWN})) == {"apiKey": UNKNOWN, "port": UNKNOWN}
    assert rpc.is_rpc_secret(json_format.MessageToDict(to_struct({"apiKey": UNKNOWN}))["apiKey"])
