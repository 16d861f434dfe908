"""Make a Plan from what a preview leaves: engine events (operations, inputs) and the saved update plan (dependencies).

The events carry no dependencies and the saved plan only differences of inputs, so both are needed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi.automation.events import EngineEvent, StepEventMetadata

from llmctl.infra.plan import CHOICE, NOTE, Operation, Plan, PlannedResource

UNKNOWN = "[known after the deployment]"

ENGINE_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a computed value into its events (sdk/go/common/resource/plugin, UnknownStringValue)."""

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"  # noqa: S105  (marks an encrypted value; it is no secret itself)
"""The key that marks an encrypted value in Pulumi's JSON (sdk/go/common/resource/sig)."""

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"

OPERATIONS = {
    "create": Operation.CREATE,
    "update": Operation.UPDATE,
    "same": Operation.SAME,
    "delete": Operation.DELETE,
    "replace": Operation.REPLACE,
    "create-replacement": Operation.REPLACE,
    "delete-replaced": Operation.REPLACE,
    "read": Operation.READ,
    "refresh": Operation.READ,
    "import": Operation.IMPORT,
    "import-replacement": Operation.IMPORT,
}


def read_plan(stack: str, events: Iterable[EngineEvent], saved: Path | None) -> Plan:
    """The Plan of a preview. `saved` is the update plan's file, None after the preview of a destroy."""
    goals = _goals(saved)
    steps: dict[str, StepEventMetadata] = {}
    messages: list[str] = []
    said: list[str] = []
    for event in events:
        if event.resource_pre_event:
            steps[event.resource_pre_event.metadata.urn] = event.resource_pre_event.metadata
        diagnostic = event.diagnostic_event
        text = diagnostic.message.strip() if diagnostic and not diagnostic.ephemeral else ""
        if diagnostic and diagnostic.severity == "warning" and text:
            messages.append(text)
        said.append(text)
    resources = tuple(_planned(step, goals.get(urn, {})) for urn, step in steps.items() if _is_ours(step))
    return Plan(
        stack=stack,
        resources=resources,
        messages=tuple(messages),
        choices=_after(CHOICE, said),
        notes=_after(NOTE, said),
        file=saved,
        digest=_digest(resources),
    )


def _after(word: str, said: Iterable[str]) -> tuple[str, ...]:
    return tuple(text.removeprefix(word) for text in said if text.startswith(word))


def _is_ours(step: StepEventMetadata) -> bool:
    """Whether users should hear of it: the stack itself and default providers are Pulumi's bookkeeping."""
    return step.type != STACK_TYPE and not step.type.startswith(PROVIDER_PREFIX) and str(step.op.value) in OPERATIONS


def _planned(step: StepEventMetadata, goal: Mapping[str, Any]) -> PlannedResource:
    state = step.new or step.old
    return PlannedResource(
        urn=step.urn,
        type=step.type,
        operation=OPERATIONS[str(step.op.value)],
        inputs=_plain(state.inputs) if state else {},
        changed=tuple(step.detailed_diff or step.diffs or ()),
        parent=(state.parent or None) if state else None,
        dependencies=tuple(goal.get("dependencies") or ()),
        property_dependencies={k: tuple(v or ()) for k, v in (goal.get("propertyDependencies") or {}).items()},
    )


def _goals(saved: Path | None) -> dict[str, dict[str, Any]]:
    if saved is None:
        return {}
    plans = json.loads(saved.read_text(encoding="utf-8")).get("resourcePlans", {})
    return {urn: plan.get("goal") or {} for urn, plan in plans.items()}


def _plain(value: Any) -> Any:
    """Engine JSON as plain values: secrets and unknowns become words."""
    if isinstance(value, Mapping):
        if SECRET_SIGNATURE in value:
            return "[secret]"
        return {key: _plain(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return UNKNOWN if value == ENGINE_UNKNOWN else value


def _digest(resources: Iterable[PlannedResource]) -> str:
    rows = [[r.urn, r.operation, r.inputs, list(r.changed)] for r in resources]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
