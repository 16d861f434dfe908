"""A plan: what would be made, changed and taken away."""

from __future__ import annotations

import json
from typing import Any

from llmctl.cli.view import Table, View
from llmctl.infra.plan import Operation, Plan, PlannedResource

SIGNS = {
    Operation.CREATE: "+",
    Operation.UPDATE: "~",
    Operation.REPLACE: "±",
    Operation.DELETE: "-",
    Operation.IMPORT: "=",
}


def plan_view(plan: Plan) -> View:
    """Changes only; what stays as it is, is counted."""
    rows = [row for resource in plan.changes for row in _rows(resource)]
    table: list[str | Table] = [Table((), rows)] if rows else []
    return View(plan_data(plan), [f"Plan for {plan.stack}: {_summary(plan)}", *table, *_chosen(plan), *plan.messages])


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
        "messages": list(plan.messages),
    }


def _chosen(plan: Plan) -> list[str]:
    return [f"Chosen: {choice}" for choice in plan.choices]


def _summary(plan: Plan) -> str:
    counts = plan.counts()
    if not counts:
        return "no changes."
    same = len(plan.resources) - len(plan.changes)
    stays = f", {same} stay as they are" if same else ""
    return ", ".join(f"{number} to {operation}" for operation, number in counts.items()) + stays + "."


def _rows(resource: PlannedResource) -> list[tuple[str, str, str]]:
    """The resource, and below it its inputs when it is made anew, or what changes in it."""
    sign = SIGNS[resource.operation]
    rows = [(f"  {sign} {resource.name}", resource.type, "")]
    if resource.operation is Operation.CREATE:
        return rows + [(f"      {name}", _short(value), "") for name, value in resource.inputs.items()]
    return rows + [(f"      {name}", _short(_at(resource, name)), "") for name in resource.changed]


def _at(resource: PlannedResource, path: str) -> Any:
    return resource.inputs.get(path.partition(".")[0].partition("[")[0], "")


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
