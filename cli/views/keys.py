"""Keys of a stack: made, listed, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmctl.cli.view import Table, View

if TYPE_CHECKING:
    from llmctl.infra.kubernetes.keys import CreatedKey, KeyList, ListedKey, Told


def created_view(stack: str, made: CreatedKey) -> View:
    record = made.record
    data = {
        "stack": stack,
        "name": record.id,
        "key": made.value,
        **_limit(record.requests_per_minute),
        **_told(made.told),
    }
    text = [f"{made.value}", f"This is the key of {record.id}, shown this once. {_taken(made.told)}"]
    return View(data, [*text, *_failures(made.told.failed, "learn of it")])


def revoked_view(stack: str, name: str, told: Told) -> View:
    data = {"stack": stack, "name": name, **_told(told)}
    text = [f"The key {name} is revoked. {_taken(told)}"]
    return View(data, [*text, *_failures(told.failed, "still take it, and stop")])


def listed_view(stack: str, found: KeyList) -> View:
    data = {
        "stack": stack,
        "keys": [_key(each) for each in found.keys],
        "gateways": list(found.gateways),
        "unreachable": [pod for pod, _ in found.failed],
    }
    rows = [_row(each, len(found.gateways)) for each in found.keys]
    if not rows:
        return View(data, [f"{stack} has no key. Make one: llmctl keys create {stack} NAME"])
    return View(data, [Table(("NAME", "CREATED", "REQUESTS/MIN", "GATEWAYS"), rows), *_unheard(found.failed)])


def _key(each: ListedKey) -> dict[str, Any]:
    record = each.record
    created = record.created.isoformat()
    return {"name": record.id, "created": created, **_limit(record.requests_per_minute), "knownBy": list(each.known_by)}


def _row(each: ListedKey, gateways: int) -> tuple[str, ...]:
    record = each.record
    limit = str(record.requests_per_minute) if record.requests_per_minute else "the stack's"
    return (record.id, f"{record.created:%Y-%m-%d %H:%M} UTC", limit, f"{len(each.known_by)} of {gateways}")


def _limit(limit: int | None) -> dict[str, int | None]:
    return {"requestsPerMinute": limit}


def _told(told: Told) -> dict[str, Any]:
    return {"gateways": list(told.gateways), "notTold": [pod for pod, _ in told.failed]}


def _taken(told: Told) -> str:
    there = len(told.gateways) + len(told.failed)
    return f"{len(told.gateways)} of {there} gateways have taken it." if there else "No gateway runs yet."


def _failures(failed: tuple[tuple[str, str], ...], until: str) -> list[str]:
    return [
        f"{pod} could not be told: {why} It will {until} when it is replaced: kubectl delete pod {pod}"
        for pod, why in failed
    ]


def _unheard(failed: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"{pod} did not say which keys it knows: {why}" for pod, why in failed]
