"""Who may talk to whom: nobody, and then the flows of a stack one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from llmctl.serving.errors import ManifestError
from llmctl.serving.manifests import labels
from llmctl.serving.manifests.labels import NAMESPACE_NAME, Component
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec
from llmctl.serving.manifests.weights import RELAY_PORT, relayed

DEFAULT_DENY = "default-deny"
LINK_LOCAL = ("169.254.0.0/16", "fe80::/10")
"""Where every cloud has its metadata service; no source of weights is there."""


def network_policies(spec: StackSpec) -> tuple[Manifest, ...]:
    made = (_default_deny(spec), _gateway(spec), *(_model_server(spec, model) for model in spec.models))
    return (*made, _relay(spec)) if relayed(spec) else made


def _default_deny(spec: StackSpec) -> Manifest:
    return _policy(spec, DEFAULT_DENY, {}, ingress=(), egress=())


def _gateway(spec: StackSpec) -> Manifest:
    clients = [dict(peer) for peer in spec.network.clients] or [{"namespaceSelector": {}}]
    return _policy(
        spec,
        Component.GATEWAY.value,
        {"matchLabels": labels.selector(Component.GATEWAY)},
        ingress=(_rule("from", clients, spec.gateway.port), _scraped(spec, spec.gateway.metrics_port)),
        egress=(
            *(_rule("to", [_pods(Component.MODEL_SERVER, model)], model.container.port) for model in spec.models),
            _dns(spec),
        ),
    )


def _model_server(spec: StackSpec, model: ServedModel) -> Manifest:
    relay = (_rule("to", [_pods(Component.WEIGHTS)], RELAY_PORT),) if model in relayed(spec) else ()
    return _policy(
        spec,
        model.name,
        {"matchLabels": labels.selector(Component.MODEL_SERVER, model)},
        ingress=(
            _rule("from", [_pods(Component.GATEWAY)], model.container.port),
            _scraped(spec, model.container.metrics.port),
        ),
        egress=(*relay, _dns(spec)),
    )


def _relay(spec: StackSpec) -> Manifest:
    """The only pod of a stack that leaves the cluster."""
    outside = [{"ipBlock": block(cidr, spec.network.blocked)} for cidr in spec.network.weights]
    return _policy(
        spec,
        Component.WEIGHTS.value,
        {"matchLabels": labels.selector(Component.WEIGHTS)},
        ingress=(_rule("from", [_pods(Component.MODEL_SERVER, model) for model in relayed(spec)], RELAY_PORT),),
        egress=(_rule("to", outside, *spec.network.weights_ports), _dns(spec)),
    )


def block(cidr: str, blocked: Iterable[str]) -> Manifest:
    """An ipBlock without the blocked networks in it. One that is named and lies in a blocked one is meant: a mirror in
    an inner network; the API takes only parts of the CIDR as exceptions.

    Raises ManifestError for link-local addresses, and for what is no CIDR.
    """
    network = _network(cidr)
    if any(_within(network, _network(other)) for other in LINK_LOCAL):
        raise ManifestError(f"Weights cannot come from {cidr}: link-local, where clouds keep their metadata service.")
    parts = [part for part in map(_network, blocked) if part != network and _within(part, network)]
    return {"cidr": str(network), **({"except": [str(part) for part in parts]} if parts else {})}


def _network(cidr: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(cidr)
    except ValueError as error:
        raise ManifestError(f"{cidr!r} is no CIDR ({error}); write a network as 203.0.113.0/24.") from error


def _within(part: IPv4Network | IPv6Network, whole: IPv4Network | IPv6Network) -> bool:
    if isinstance(part, IPv4Network):
        return isinstance(whole, IPv4Network) and part.subnet_of(whole)
    return isinstance(whole, IPv6Network) and part.subnet_of(whole)


def _pods(component: Component, model: ServedModel | None = None) -> Manifest:
    return {"podSelector": {"matchLabels": labels.selector(component, model)}}


def _namespace(name: str) -> Manifest:
    return {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: name}}}


def _scraped(spec: StackSpec, port: int) -> Manifest:
    return _rule("from", [_namespace(spec.network.monitoring_namespace)], port)


def _dns(spec: StackSpec) -> Manifest:
    caches = [{"ipBlock": {"cidr": f"{address}/32"}} for address in spec.network.dns_addresses]
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"to": [_namespace(spec.network.dns_namespace), *caches], "ports": ports}


def _rule(direction: str, peers: Sequence[Manifest], *ports: int) -> Manifest:
    return {direction: list(peers), "ports": [{"protocol": "TCP", "port": port} for port in ports]}


def _policy(
    spec: StackSpec, name: str, selector: Manifest, *, ingress: Sequence[Manifest], egress: Sequence[Manifest]
) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": labels.metadata(spec, name),
        "spec": {
            "podSelector": selector,
            "policyTypes": ["Ingress", "Egress"],
            **({"ingress": list(ingress)} if ingress else {}),
            **({"egress": list(egress)} if egress else {}),
        },
    }
