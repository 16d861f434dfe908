from __future__ import annotations

from dataclasses import fields

from llmctl.infra.local.model_server import ModelServer, ModelServerArgs
from llmctl.infra.provider.inputs import INPUTS
from llmctl.infra.provider.schema import OUTPUTS, TYPE_TOKEN, schema


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def test_the_resource_class_has_exactly_the_inputs_and_outputs_of_the_schema() -> None:
    described = schema("1.2.3")["resources"][TYPE_TOKEN]
    assert {snake(name) for name in described["inputProperties"]} == {field.name for field in fields(ModelServerArgs)}
    assert {snake(name) for name in OUTPUTS} == set(ModelServer.__annotations__)


def test_the_key_is_a_secret_on_both_sides() -> None:
    described = schema("1.2.3")["resources"][TYPE_TOKEN]
    assert described["inputProperties"]["apiKey"]["secret"]
    assert described["properties"]["apiKey"]["secret"]


def test_only_what_must_be_given_is_required() -> None:
    required = schema("1.2.3")["resources"][TYPE_TOKEN]["requiredInputs"]
    assert set(INPUTS) - set(required) == {"revision", "quantization", "maxInputTokens", "apiKey"}
