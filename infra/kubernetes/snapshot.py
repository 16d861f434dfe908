"""A frozen picture of one stack in its cluster, read in one round of calls. What is said of a stack is pure on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from llmctl.infra.errors import ClusterForbidden
from llmctl.infra.kubernetes.account import OCCUPYING, Account, of_namespace
from llmctl.infra.kubernetes.capacity import Node, nodes_with_pods
from llmctl.infra.kubernetes.objects import name, owners
from llmctl.serving.manifests.spec import Manifest

GATEWAY = "gateway"
RELAY = "weights"
"""Names of the two Deployments that are no model."""

COLLECTIONS = {
    "deployments": "/apis/apps/v1",
    "replicasets": "/apis/apps/v1",
    "pods": "/api/v1",
    "events": "/api/v1",
    "persistentvolumeclaims": "/api/v1",
}


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    namespace: str
    taken: datetime
    home: Manifest | None
    """The Namespace itself; None: there is none."""

    expected: tuple[str, ...] = ()
    """Names of the Deployments that the stack file's models should have."""

    deployments: tuple[Manifest, ...] = ()
    replica_sets: tuple[Manifest, ...] = ()
    pods: tuple[Manifest, ...] = ()
    events: tuple[Manifest, ...] = ()
    """Of the namespace, the newest last."""

    claims: tuple[Manifest, ...] = ()
    nodes: tuple[Node, ...] | None = None
    """With everybody's pods on them; None: the credentials may not look at nodes, or at other namespaces' pods."""

    @cached_property
    def models(self) -> tuple[Manifest, ...]:
        """Deployments of the models."""
        return tuple(one for one in self.deployments if name(one) not in (GATEWAY, RELAY))

    def deployment(self, wanted: str) -> Manifest | None:
        return next((one for one in self.deployments if name(one) == wanted), None)

    def pods_of(self, deployment: str) -> tuple[Manifest, ...]:
        return tuple(pod for pod in self.pods if self.deployment_of(pod) == deployment)

    def deployment_of(self, pod: Manifest) -> str | None:
        """By way of its ReplicaSet, so that labels somebody changed do not mislead."""
        sets = {owner for kind, owner in owners(pod) if kind == "ReplicaSet"}
        above = (owners(one) for one in self.replica_sets if name(one) in sets)
        return next((owner for each in above for kind, owner in each if kind == "Deployment"), None)

    def events_of(self, thing: Manifest, kind: str) -> Iterator[Manifest]:
        """The newest first."""
        for event in reversed(self.events):
            about = event["involvedObject"]
            if about.get("kind") == kind and about.get("uid", "") == thing["metadata"].get("uid", ""):
                yield event

    def node_of(self, pod: Manifest) -> Node | None:
        wanted = pod["spec"].get("nodeName")
        return next((node for node in self.nodes or () if node.name == wanted), None)


def take_snapshot(account: Account, namespace: str, expected: Iterable[str] = ()) -> Snapshot:
    """Read it all at once. Raises ClusterError's kinds; what the credentials may not see of the nodes is left out."""
    home = _home(account, namespace)
    if home is None:
        return Snapshot(namespace=namespace, taken=datetime.now(UTC), home=None)
    with ThreadPoolExecutor(len(COLLECTIONS) + 1) as pool:
        nodes = pool.submit(_nodes, account)
        reading = {p: pool.submit(account.list, of_namespace(namespace, p, api)) for p, api in COLLECTIONS.items()}
        found = {plural: future.result() for plural, future in reading.items()}
    return Snapshot(
        namespace=namespace,
        taken=datetime.now(UTC),
        home=home,
        expected=tuple(expected),
        deployments=found["deployments"],
        replica_sets=found["replicasets"],
        pods=found["pods"],
        events=tuple(sorted(found["events"], key=when)),
        claims=found["persistentvolumeclaims"],
        nodes=nodes.result(),
    )


def _home(account: Account, namespace: str) -> Manifest | None:
    """Who may only work inside a namespace may not look at it from outside; it is there then."""
    try:
        return account.find(f"/api/v1/namespaces/{namespace}")
    except ClusterForbidden:
        return {"metadata": {"name": namespace}}


def when(event: Manifest) -> str:
    """When an event was last seen, as sortable text: the field depends on how the component reports it."""
    series = event.get("series") or {}
    seen = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return str(next(filter(None, seen), event["metadata"].get("creationTimestamp", "")))


def _nodes(account: Account) -> tuple[Node, ...] | None:
    try:
        return nodes_with_pods(account.list("/api/v1/nodes"), account.list("/api/v1/pods", fieldSelector=OCCUPYING))
    except ClusterForbidden:
        return None
