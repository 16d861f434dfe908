"""What Pulumi's state still holds after a destroy: protected data, and what that cannot be without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from llmctl.infra.deployment.forget import PROVIDERS
from llmctl.infra.receipt import Entry


def still_held(state: Mapping[str, Any]) -> tuple[Entry, ...]:
    """By its ARN where it has one, so that it is known again in the account.

    A destroy that ended well has left only what is protected and what that needs: all of it is kept on purpose. In a
    state without anything protected, nothing is.
    """
    held = [each for each in state.get("resources") or () if _is_made(each)]
    kept = any(each.get("protect") for each in held)
    return tuple(_entry(each, kept) for each in held)


def merged(held: Iterable[Entry], there: Iterable[Entry]) -> tuple[Entry, ...]:
    """The account knows more of a thing than the state; what it does not show is taken from the state."""
    found = {entry.name: entry for entry in there}
    return (*found.values(), *(entry for entry in held if entry.name not in found))


def _entry(resource: Mapping[str, Any], kept: bool) -> Entry:
    name = str((resource.get("outputs") or {}).get("arn") or resource["urn"].rpartition("::")[2])
    note = "protected" if resource.get("protect") else "needed by what is protected"
    return Entry(name=name, what=resource["type"], bills=True, kept=kept, note=note if kept else "")


def _is_made(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("custom")) and not resource["type"].startswith(PROVIDERS)
