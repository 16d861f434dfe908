"""Plan: the typed result of a preview. Everything that judges or shows a deployment reads it, and only it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Operation(StrEnum):
    """What Pulumi would do to a resource. Its words, except that its several replace steps are one here."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    READ = "read"
    IMPORT = "import"
    SAME = "same"


@dataclass(frozen=True, kw_only=True)
class PlannedResource:
    urn: str
    type: str
    operation: Operation
    inputs: Mapping[str, Any]
    """As the provider would get them, names in camelCase; secrets are "[secret]", what is not known yet is UNKNOWN."""

    changed: tuple[str, ...] = ()
    """Paths of the properties that differ, as the provider names them; empty for a create or delete."""

    parent: str | None = None
    dependencies: tuple[str, ...] = ()
    """URNs of the resources that must be there first."""

    property_dependencies: Mapping[str, tuple[str, ...]]
    """Input name -> URNs it is computed from: relations can be judged before ids exist."""

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


CHOICE = "chosen: "
"""How a program begins a message about what a stack file left open; such messages become `Plan.choices`."""


NOTE = "note: "
"""How a program begins a message about what follows from a plan, such as a downtime; they become `Plan.notes`."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    stack: str
    resources: tuple[PlannedResource, ...]
    messages: tuple[str, ...] = ()
    """Warnings that the preview gave."""

    choices: tuple[str, ...] = ()
    """What the stack file left open (`accelerator: auto`), how it was decided, and why."""

    notes: tuple[str, ...] = ()
    """What who decides on the plan should know of it."""

    file: Path | None = None
    """Pulumi's saved update plan, which `up` is held to. None for the plan of a destroy: Pulumi saves none."""

    digest: str = ""
    """SHA-256 (hex) over the operations and inputs; the journal names a plan by it."""

    @property
    def changes(self) -> tuple[PlannedResource, ...]:
        """The resources that would be touched."""
        return tuple(r for r in self.resources if r.operation not in (Operation.SAME, Operation.READ))

    def counts(self) -> dict[Operation, int]:
        return count(resource.operation for resource in self.changes)


def count(operations: Iterable[Operation]) -> dict[Operation, int]:
    """How often each operation occurs, in the order of Operation."""
    found = list(operations)
    return {operation: found.count(operation) for operation in Operation if operation in found}
