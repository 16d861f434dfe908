from __future__ import annotations

import json
from typing import Any

import pytest

from llmctl.serving.server.errors import ValidationFailed
from llmctl.serving.server.grammar import closed, rule
from llmctl.serving.server.schemas import GenerateParameters


def grammar(kind: str, value: Any) -> Any:
    return GenerateParameters.model_validate({"grammar": {"type": kind, "value": value}}).grammar


def schema_of(kind: str, value: Any) -> Any:
    return json.loads(rule(grammar(kind, value)).removeprefix("%json "))


def test_a_regex_keeps_its_slashes() -> None:
    assert rule(grammar("regex", "a/b")) == r"/a\/b/"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("json", {"properties": {"a": {}}}),
        ("json_object", {"properties": {"a": {}}}),
        ("json", '{"properties": {"a": {}}}'),
        ("json_schema", {"name": "x", "schema": {"properties": {"a": {}}}}),
    ],
    ids=["json", "json_object", "json in a string", "json_schema"],
)
def test_every_way_to_give_a_schema_means_a_closed_object(kind: str, value: Any) -> None:
    schema = schema_of(kind, value)
    assert schema["type"] == "object"
    assert schema["properties"] == {"a": {}}
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("{", "grammar is not valid"),
        (3, "grammar is not supported"),
        ([], "grammar is not supported"),
        ({}, "grammar is not valid: Grammar must have a 'properties' field"),
        ("[]", "grammar is not valid: Grammar must have a 'properties' field"),
    ],
    ids=str,
)
def test_what_is_no_schema_is_refused_with_tgis_text(value: Any, says: str) -> None:
    with pytest.raises(ValidationFailed, match=says):
        rule(grammar("json", value))


def test_an_open_object_stays_open_where_the_schema_says_so() -> None:
    inner = {"properties": {"b": {}}, "additionalProperties": True}
    assert closed({"properties": {"a": inner}}) == {"additionalProperties": False, "properties": {"a": inner}}


def test_a_property_called_properties_is_no_schema() -> None:
    named = {"properties": {"type": "string"}}
    assert closed({"properties": named})["properties"] == named
    assert closed({"const": {"properties": {}}}) == {"const": {"properties": {}}}
