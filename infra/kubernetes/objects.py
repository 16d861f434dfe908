"""Readers of Kubernetes objects as the API answers them: who owns a pod, what it asks for, what state it is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from llmctl.serving.manifests.spec import Manifest

Amounts = Mapping[str, Decimal]
"""Resource name -> cores, bytes or pieces."""


def name(thing: Manifest) -> str:
    return str(thing["metadata"]["name"])


def labels(thing: Manifest) -> Mapping[str, str]:
    found: Mapping[str, str] = thing["metadata"].get("labels") or {}
    return found


def full_name(pod: Manifest) -> str:
    """namespace/name."""
    return f"{pod['metadata'].get('namespace', '')}/{name(pod)}"


def owners(thing: Manifest) -> Iterator[tuple[str, str]]:
    """Kind and name of each owner."""
    for owner in thing["metadata"].get("ownerReferences") or ():
        yield owner["kind"], owner["name"]


def is_going(thing: Manifest) -> bool:
    """Whether its deletion has begun."""
    return "deletionTimestamp" in thing["metadata"]


def condition(thing: Manifest, kind: str) -> Mapping[str, Any]:
    """A condition of the status, empty where it has none of that type."""
    conditions: Iterable[Mapping[str, Any]] = thing.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), {})


def holds(thing: Manifest, kind: str) -> bool:
    return condition(thing, kind).get("status") == "True"


def container_statuses(pod: Manifest, *, init: bool) -> list[Mapping[str, Any]]:
    return list(pod.get("status", {}).get("initContainerStatuses" if init else "containerStatuses") or ())


def state(status: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    """The state of a container if it is `waiting`, `running` or `terminated`."""
    found: Mapping[str, Any] | None = (status.get("state") or {}).get(kind)
    return found


def last_end(status: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """How the container ended, now or the time before."""
    return state(status, "terminated") or (status.get("lastState") or {}).get("terminated")


def is_ready(pod: Manifest) -> bool:
    return holds(pod, "Ready") and not is_going(pod)


def requests(pod: Manifest) -> Amounts:
    """What the scheduler reserves: all containers together, or the largest init container, and the overhead."""
    spec = pod["spec"]
    inits = spec.get("initContainers") or ()
    sidecars = [one for one in inits if one.get("restartPolicy") == "Always"]
    together = _sum(_requested(one) for one in [*spec["containers"], *sidecars])
    largest = _most(_requested(one) for one in inits)
    return _sum([_most([together, largest]), amounts(spec.get("overhead"))])


def amounts(quantities: Mapping[str, Any] | None) -> Amounts:
    """`{"memory": "1Gi"}` -> `{"memory": Decimal(1073741824)}`."""
    from kubernetes.utils.quantity import parse_quantity

    return {resource: Decimal(parse_quantity(quantity)) for resource, quantity in (quantities or {}).items()}


def _requested(container: Mapping[str, Any]) -> Amounts:
    resources = container.get("resources") or {}
    # The API server writes limits into requests that were left out; a manifest read before that has limits only.
    return {**amounts(resources.get("limits")), **amounts(resources.get("requests"))}


def _sum(several: Iterable[Amounts]) -> Amounts:
    total: dict[str, Decimal] = {}
    for each in several:
        for resource, amount in each.items():
            total[resource] = total.get(resource, Decimal(0)) + amount
    return total


def _most(several: Iterable[Amounts]) -> Amounts:
    most: dict[str, Decimal] = {}
    for each in several:
        for resource, amount in each.items():
            most[resource] = max(most.get(resource, Decimal(0)), amount)
    return most
