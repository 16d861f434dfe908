"""A plan: what would be made, changed and taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from llmctl.cli.view import Table, View
from llmctl.cli.views.preflight import preflight_view
from llmctl.infra.plan import Operation, Plan, PlannedResource
from llmctl.infra.preflight import Finding

KUBERNETES = "kubernetes:"
LONGEST = 200
"""Characters of a value; all of it is in --json."""

STEP = re.compile(r"""\["([^"]+)"\]|([^.\[\]]+)|\[(\d+)\]""")
"""Of a property path, as Pulumi writes it."""

SIGNS = {
    Operation.CREATE: "+",
    Operation.UPDATE: "~",
    Operation.REPLACE: "±",
    Operation.DELETE: "-",
    Operation.IMPORT: "=",
}


def plan_view(plan: Plan, findings: Sequence[Finding] = ()) -> View:
    """Changes only; what stays as it is, is counted. `findings`: of the preflight."""
    before = preflight_view(findings)
    rows = [row for resource in plan.changes for row in _rows(resource)]
    table: list[str | Table] = [Table((), rows)] if rows else []
    return View(
        plan_data(plan) | ({"preflight": before.data} if findings else {}),
        [
            f"Plan for {plan.stack}: {_summary(plan)}",
            *table,
            *_chosen(plan),
            *_notes(plan),
            *plan.messages,
            *before.text,
        ],
    )


def plan_data(plan: Plan) -> dict[str, Any]:
    return {
        "stack": plan.stack,
        "digest": plan.digest,
        "changes": {str(operation): number for operation, number in plan.counts().items()},
        "resources": [
            {
                "urn": resource.urn,
                "type": resource.type,
                "name": resource.name,
                "operation": str(resource.operation),
                "inputs": resource.inputs,
                "changed": list(resource.changed),
                "dependencies": list(resource.dependencies),
            }
            for resource in plan.resources
        ],
        "choices": list(plan.choices),
        "notes": list(plan.notes),
        "messages": list(plan.messages),
    }


def _chosen(plan: Plan) -> list[str]:
    return [f"Chosen: {choice}" for choice in plan.choices]


def _notes(plan: Plan) -> list[str]:
    return [f"Note: {note}" for note in plan.notes]


def _summary(plan: Plan) -> str:
    counts = plan.counts()
    if not counts:
        return "no changes."
    same = len(plan.resources) - len(plan.changes)
    stays = f", {same} stay as they are" if same else ""
    return ", ".join(f"{number} to {operation}" for operation, number in counts.items()) + stays + "."


def _rows(resource: PlannedResource) -> list[tuple[str, str, str]]:
    """The resource, and below it its inputs when it is made anew, or what changes in it.

    A Kubernetes object is made of hundreds of values; of a new one only what decides its cost is shown.
    """
    sign = SIGNS[resource.operation]
    rows = [(f"  {sign} {resource.name}", resource.type, "")]
    if resource.operation is Operation.CREATE and resource.type.startswith(KUBERNETES):
        return rows + [(f"      {name}", _short(value), "") for name, value in _running(resource.inputs)]
    if resource.operation is Operation.CREATE:
        return rows + [(f"      {name}", _short(value), "") for name, value in resource.inputs.items()]
    return rows + [(f"      {name}", _short(_at(resource.inputs, name)), "") for name in resource.changed]


def _running(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What of a Deployment runs: how many, which images, on which devices."""
    if manifest.get("kind") != "Deployment":
        return
    spec = manifest["spec"]
    yield "replicas", spec["replicas"]
    for container in spec["template"]["spec"]["containers"]:
        yield "image", container["image"]
        limits = container.get("resources", {}).get("limits", {})
        yield from ((resource, amount) for resource, amount in limits.items() if "/" in resource)


def _at(inputs: Mapping[str, Any], path: str) -> Any:
    """`spec.ports[0].port`; a key with dots in it is written `["app.kubernetes.io/name"]`."""
    found: Any = inputs
    for quoted, plain, index in STEP.findall(path):
        key = int(index) if index else quoted or plain
        try:
            found = found[key]
        except (KeyError, IndexError, TypeError):
            return ""  # it goes away
    return found


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line, *more = text.splitlines() or [""]
    return f"{line[:LONGEST]}…" if more or len(line) > LONGEST else line
