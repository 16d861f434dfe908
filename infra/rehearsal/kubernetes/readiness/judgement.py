"""What a rule sees, and what it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Observed:
    live: Manifest
    before: Manifest | None = None
    """The object as it was before the update; None in a create and in a refresh."""

    related: Mapping[str, Sequence[Manifest]] = field(default_factory=dict)
    """Objects of the same namespace by kind, as far as the rule asked for them."""

    quiet: bool = True
    """Whether the related objects have not changed for as long as they are given to settle."""


@dataclass(frozen=True)
class Judgement:
    ready: bool
    waiting_for: str = ""
    """Status line of a resource that is being worked on."""

    warnings: tuple[str, ...] = ()
    """Shown while it waits."""

    problems: tuple[str, ...] = ()
    """Told when it was waited for in vain."""

    hopeless: bool = False
    """It will never be ready."""


def conditions(manifest: Manifest) -> dict[str, Manifest]:
    """status.conditions by type."""
    return {each["type"]: each for each in status(manifest).get("conditions") or ()}


def status(manifest: Manifest) -> Manifest:
    return manifest.get("status") or {}


def spec(manifest: Manifest) -> Manifest:
    return manifest.get("spec") or {}


def is_observed(manifest: Manifest) -> bool:
    """Whether its controller has seen this generation of it."""
    observed: bool = status(manifest).get("observedGeneration", 0) >= manifest["metadata"].get("generation", 0)
    return observed


def owned(objects: Sequence[Manifest], owner: Manifest) -> Iterator[Manifest]:
    uid = owner["metadata"].get("uid")
    for each in objects:
        references = each["metadata"].get("ownerReferences") or ()
        if any(reference.get("uid") == uid for reference in references):
            yield each


def shown(manifest: Manifest) -> str:
    """`namespace/name`, without the namespace that is called default."""
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace", "")
    return metadata["name"] if namespace in ("", "default") else f"{namespace}/{metadata['name']}"
