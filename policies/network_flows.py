"""What NetworkPolicies let through: the API's rules as a pure function, for rendered policies and for plans.

    allowed(policies, Flow(gateway, server, 8080))

The rules are those of kubernetes.io/docs/concepts/services-networking/network-policies and of the API's reference:
a pod is isolated in a direction as soon as one policy of its namespace selects it for that direction; then exactly the
union of those policies' rules is let through; a flow needs both its source's and its destination's consent.

What no policy decides is not decided here either: traffic between a node and its own pods (probes, port-forward), a pod
to itself, and whether the cluster's network enforces policies at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Literal

Policy = Mapping[str, Any]
"""A NetworkPolicy object."""

Direction = Literal["Ingress", "Egress"]

SECTIONS: Mapping[Direction, tuple[str, str]] = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A pod, or, without a namespace, an address outside of the cluster."""

    name: str
    """For messages."""

    namespace: str | None = None
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None
    ports: Mapping[str, int] = field(default_factory=dict)
    """Of its containers, by name."""


@dataclass(frozen=True)
class Flow:
    source: Endpoint
    destination: Endpoint
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{self.source.name} -> {self.destination.name}, {self.protocol} {self.port}"


def allowed(policies: Iterable[Policy], flow: Flow) -> bool:
    """Whether both ends let the flow through."""
    all_policies = tuple(policies)
    return _consents(all_policies, flow, "Egress") and _consents(all_policies, flow, "Ingress")


def _consents(policies: tuple[Policy, ...], flow: Flow, direction: Direction) -> bool:
    own, peer = (flow.destination, flow.source) if direction == "Ingress" else (flow.source, flow.destination)
    isolating = [policy for policy in policies if _isolates(policy, own, direction)]
    section, peers = SECTIONS[direction]
    return not isolating or any(
        _rule_matches(rule, peers, policy, peer, flow)
        for policy in isolating
        for rule in policy["spec"].get(section) or ()
    )


def _isolates(policy: Policy, pod: Endpoint, direction: Direction) -> bool:
    spec = policy["spec"]
    return (
        pod.namespace is not None
        and policy["metadata"].get("namespace", "default") == pod.namespace
        and direction in policy_types(spec)
        and selects(spec.get("podSelector") or {}, pod.labels)
    )


def policy_types(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """As the API fills them in: ingress always, egress where there are rules for it."""
    return tuple(spec.get("policyTypes") or (("Ingress", "Egress") if spec.get("egress") else ("Ingress",)))


def _rule_matches(rule: Mapping[str, Any], peers: str, policy: Policy, peer: Endpoint, flow: Flow) -> bool:
    """A rule without peers is for all of them, and one without ports for all ports."""
    namespace = policy["metadata"].get("namespace", "default")
    from_peers, to_ports = rule.get(peers) or (), rule.get("ports") or ()
    return (not from_peers or any(_peer_matches(one, namespace, peer) for one in from_peers)) and (
        not to_ports or any(_port_matches(one, flow) for one in to_ports)
    )


def _peer_matches(asked: Mapping[str, Any], namespace: str, peer: Endpoint) -> bool:
    if block := asked.get("ipBlock"):
        return peer.address is not None and _inside(block, peer.address)
    if peer.namespace is None:
        return False
    if asked.get("namespaceSelector") is None:
        there = peer.namespace == namespace
    else:
        there = selects(asked["namespaceSelector"], peer.namespace_labels)
    return there and selects(asked.get("podSelector") or {}, peer.labels)


def _inside(block: Mapping[str, Any], address: str) -> bool:
    found = ip_address(address)
    return found in ip_network(block["cidr"]) and not any(found in ip_network(one) for one in block.get("except") or ())


def _port_matches(asked: Mapping[str, Any], flow: Flow) -> bool:
    if asked.get("protocol", "TCP") != flow.protocol:
        return False
    port = asked.get("port")
    if port is None:
        return True
    if isinstance(port, str):
        return flow.destination.ports.get(port) == flow.port
    return bool(port <= flow.port <= asked.get("endPort", port))


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """A label selector; an empty one selects everything. Raises ValueError for an operator that the API has not."""
    plain = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return plain and all(_expression(one, labels) for one in selector.get("matchExpressions") or ())


def _expression(asked: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = asked["key"], asked.get("values") or ()
    match asked["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise ValueError(f"A label selector has the operator {other!r}; allowed: In, NotIn, Exists, DoesNotExist.")
