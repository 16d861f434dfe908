"""The tables of the double name only what the SDK has."""

from __future__ import annotations

import pytest

from llmctl.infra.rehearsal.aws import outputs, replacements
from llmctl.infra.rehearsal.aws.sdk import knows, schema_of
from llmctl.infra.rehearsal.cloud.package import Resource
from llmctl.infra.rehearsal.cloud.request import Operation, Request

REPLACED = replacements._table()["types"]
MADE = outputs._table()


@pytest.mark.parametrize("type_", sorted(REPLACED))
def test_fields_that_replace_are_inputs(type_: str) -> None:
    fields = [*REPLACED[type_]["fields"], *REPLACED[type_].get("taken away", ())]
    assert {field.split(".")[0] for field in fields} <= schema_of(type_)["inputs"].keys()


@pytest.mark.parametrize("type_", sorted(MADE))
def test_outputs_are_those_of_the_type(type_: str) -> None:
    assert knows(type_)
    assert MADE[type_].keys() - {"id"} <= set(schema_of(type_)["outputs"])


def request(**inputs: str) -> Request:
    return Request(
        operation=Operation.CREATE, type="", account="123456789012", region="eu-west-1", inputs={**inputs, "name": "x"}
    )


def made(type_: str, generation: int = 0, **inputs: str) -> tuple[str, dict[str, object]]:
    resource = Resource(urn=f"urn:pulumi:dev::llmctl::{type_}::x", type=type_, name="x")
    return outputs.outputs_of(resource, request(**inputs), generation, schema_of(type_)["outputs"])


def test_the_same_urn_has_the_same_id_in_every_run_and_its_replacement_another() -> None:
    assert made("aws:ec2/vpc:Vpc") == made("aws:ec2/vpc:Vpc")
    assert made("aws:ec2/vpc:Vpc")[0] != made("aws:ec2/vpc:Vpc", generation=1)[0]


def test_ids_and_arns_look_as_those_of_aws() -> None:
    id_, found = made("aws:ec2/vpc:Vpc")
    assert id_.startswith("vpc-")
    assert found["arn"] == f"arn:aws:ec2:eu-west-1:123456789012:vpc/{id_}"
    listener, _ = made(
        "aws:lb/listener:Listener",
        loadBalancerArn="arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/x/50dc6c495c0c9188",
    )
    assert listener.startswith("arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/x/50dc6c495c0c9188/")
    role, found = made("aws:iam/role:Role")
    assert (role, found["arn"]) == ("x", "arn:aws:iam::123456789012:role/x")
