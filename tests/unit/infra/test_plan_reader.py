from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pulumi.automation.events import EngineEvent

from llmctl.infra.deployment.plan_reader import ENGINE_UNKNOWN, SECRET_SIGNATURE, UNKNOWN, read_plan
from llmctl.infra.plan import Operation

URN = "urn:pulumi:local::llmctl::llmctl:local:ModelServer::server"
STACK = "urn:pulumi:local::llmctl::pulumi:pulumi:Stack::llmctl-local"
BUCKET = "urn:pulumi:local::llmctl::aws:s3/bucket:Bucket::weights"


def step(op: str, urn: str = URN, *, inputs: dict[str, Any] | None = None, **more: Any) -> EngineEvent:
    """A resource step as the engine writes it."""
    type_ = urn.split("::")[2]
    state = {
        "type": type_,
        "urn": urn,
        "id": "",
        "parent": STACK,
        "provider": "",
        "inputs": inputs or {},
        "outputs": {},
    }
    metadata = {"op": op, "urn": urn, "type": type_, "provider": "", "new": state, **more}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "resourcePreEvent": {"metadata": metadata}})


def test_operations_and_inputs_come_from_the_events_and_dependencies_from_the_saved_plan(tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    goal = {"dependencies": [BUCKET], "propertyDependencies": {"weights": [BUCKET]}}
    saved.write_text(json.dumps({"resourcePlans": {URN: {"goal": goal, "steps": ["create"]}}}))
    plan = read_plan("local", [step("create", inputs={"port": 8080})], saved)
    (resource,) = plan.resources
    assert (resource.name, resource.operation, resource.inputs) == ("server", Operation.CREATE, {"port": 8080})
    assert resource.dependencies == (BUCKET,)
    assert resource.property_dependencies == {"weights": (BUCKET,)}


def test_secrets_and_unknowns_become_words_however_deep_they_are() -> None:
    secret = {SECRET_SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}
    plan = read_plan("local", [step("create", inputs={"a": [{"key": secret}], "b": {"url": ENGINE_UNKNOWN}})], None)
    assert plan.resources[0].inputs == {"a": [{"key": "[secret]"}], "b": {"url": UNKNOWN}}


def test_the_stack_itself_and_default_providers_are_no_resources_of_the_user() -> None:
    provider = "urn:pulumi:local::llmctl::pulumi:providers:llmctl::default"
    assert read_plan("local", [step("create", STACK), step("create", provider)], None).resources == ()


def test_a_replacement_is_one_change_though_the_engine_takes_three_steps() -> None:
    steps = [step(op) for op in ("create-replacement", "replace", "delete-replaced")]
    assert read_plan("local", steps, None).counts() == {Operation.REPLACE: 1}


def test_what_stays_is_no_change() -> None:
    assert read_plan("local", [step("same")], None).changes == ()


def test_an_update_names_the_properties_that_differ() -> None:
    detailed = {"port": {"diffKind": "update", "inputDiff": True}}
    assert read_plan("local", [step("update", detailedDiff=detailed)], None).resources[0].changed == ("port",)


def test_two_plans_are_the_same_exactly_when_their_operations_and_inputs_are() -> None:
    digests = [read_plan("local", [step("create", inputs={"port": port})], None).digest for port in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]


def said(severity: str, text: str) -> EngineEvent:
    event = {"prefix": "", "message": f"{text}\n", "color": "never", "severity": severity}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": event})


def test_what_the_program_chose_is_told_apart_from_what_the_preview_warns_of() -> None:
    plan = read_plan(
        "local", [said("info", "chosen: m runs on l4:1"), said("info", "phase=load"), said("warning", "old")], None
    )
    assert (plan.choices, plan.messages) == (("m runs on l4:1",), ("old",))
