"""Which flows a stack needs, and which must not be: one table, read against the policies of every target.

A target adds the addresses of its own that no pod may reach (`forbidden_addresses`); everything else is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from llmctl.policies.network_flows import Endpoint, Flow, allowed
from llmctl.serving.manifests import labels
from llmctl.serving.manifests.labels import NAMESPACE_NAME, Component
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec
from llmctl.serving.manifests.weights import RELAY_PORT, relayed

METADATA: Mapping[str, str] = {"metadata service": "169.254.169.254"}
INNER: Mapping[str, str] = {
    "a machine of the firm": "10.20.30.40",
    "a router at home": "192.168.1.1",
    "carrier-grade NAT": "100.64.0.1",
    "another cluster": "172.16.9.9",
}
INTERNET = Endpoint(name="internet", address="203.0.113.10")
API_SERVER = Endpoint(name="API server", address="10.96.0.1")


@dataclass(frozen=True)
class Row:
    flow: Flow
    needed: bool

    def __str__(self) -> str:
        return f"{'needed' if self.needed else 'forbidden'}: {self.flow}"


def pod(name: str, namespace: str, own: Mapping[str, str], address: str) -> Endpoint:
    return Endpoint(
        name=name,
        namespace=namespace,
        namespace_labels={NAMESPACE_NAME: namespace},
        labels=own,
        address=address,
    )


def gateway(spec: StackSpec) -> Endpoint:
    return pod("gateway", spec.namespace, labels.pod_labels(spec, Component.GATEWAY), "10.244.0.10")


def server(spec: StackSpec, model: ServedModel) -> Endpoint:
    own = labels.pod_labels(spec, Component.MODEL_SERVER, model)
    return pod(f"server of {model.name}", spec.namespace, own, "10.244.0.20")


def relay(spec: StackSpec) -> Endpoint:
    return pod("relay", spec.namespace, labels.pod_labels(spec, Component.WEIGHTS), "10.244.0.30")


def stranger(spec: StackSpec) -> Endpoint:
    return pod("a stranger in the namespace", spec.namespace, {"app": "stranger"}, "10.244.0.40")


def client() -> Endpoint:
    return pod("client", "apps", {"app": "shop"}, "10.244.0.50")


def dns(spec: StackSpec) -> Endpoint:
    return pod("DNS", spec.network.dns_namespace, {"k8s-app": "kube-dns"}, "10.244.0.60")


def prometheus(spec: StackSpec) -> Endpoint:
    return pod("Prometheus", spec.network.monitoring_namespace, {"app": "prometheus"}, "10.244.0.70")


def look_alike(spec: StackSpec) -> Endpoint:
    """The gateway of another stack: the same labels, another namespace."""
    return pod("another stack's gateway", "llmctl-other", labels.pod_labels(spec, Component.GATEWAY), "10.244.0.80")


def rows(spec: StackSpec, forbidden_addresses: Mapping[str, str] = METADATA) -> list[Row]:
    made = [Row(flow, needed=True) for flow in _needed(spec)]
    return made + [Row(flow, needed=False) for flow in _forbidden(spec, forbidden_addresses)]


def wrong(policies: list[Manifest], table: list[Row]) -> list[str]:
    """What the policies do otherwise than the table says."""
    return [str(row) for row in table if allowed(policies, row.flow) is not row.needed]


def _needed(spec: StackSpec) -> Iterator[Flow]:
    yield Flow(client(), gateway(spec), spec.gateway.port)
    yield Flow(prometheus(spec), gateway(spec), spec.gateway.metrics_port)
    for model in spec.models:
        yield Flow(gateway(spec), server(spec, model), model.container.port)
        yield Flow(prometheus(spec), server(spec, model), model.container.metrics.port)
    for model in relayed(spec):
        yield Flow(server(spec, model), relay(spec), RELAY_PORT)
        for port in spec.network.weights_ports:
            yield Flow(relay(spec), INTERNET, port)
    for source in _own(spec):
        yield Flow(source, dns(spec), 53)
        yield Flow(source, dns(spec), 53, "UDP")


def _forbidden(spec: StackSpec, addresses: Mapping[str, str]) -> Iterator[Flow]:
    yield from _out_of_the_cluster(spec, addresses)
    yield from _around_the_gateway(spec)
    yield from _among_each_other(spec)


def _out_of_the_cluster(spec: StackSpec, addresses: Mapping[str, str]) -> Iterator[Flow]:
    """Not on the ports that everybody tries, and not on those that rules of the stack speak of."""
    own = {port for model in spec.models for port in (model.container.port, model.container.metrics.port)}
    ports = sorted({53, 80, 443, *spec.network.weights_ports, RELAY_PORT, spec.gateway.port} | own)
    for source in (*_own(spec), stranger(spec)):
        yield Flow(source, API_SERVER, 443)
        for port in ports:
            for name, address in {**addresses, **INNER}.items():
                yield Flow(source, Endpoint(name=name, address=address), port)
            if not (source.name == "relay" and port in spec.network.weights_ports):
                yield Flow(source, INTERNET, port)
        yield Flow(source, INTERNET, 53, "UDP")


def _around_the_gateway(spec: StackSpec) -> Iterator[Flow]:
    """Whoever asks a model asks the gateway, on its one port."""
    for source in (client(), stranger(spec), look_alike(spec), INTERNET):
        for model in spec.models:
            yield Flow(source, server(spec, model), model.container.port)
            yield Flow(source, server(spec, model), model.container.metrics.port)
        yield Flow(source, relay(spec), RELAY_PORT)
        yield Flow(source, gateway(spec), spec.gateway.metrics_port)
        yield Flow(source, gateway(spec), spec.gateway.admin_port)
    yield Flow(INTERNET, gateway(spec), spec.gateway.port)


def _among_each_other(spec: StackSpec) -> Iterator[Flow]:
    """A taken-over server reaches neither its neighbours nor what holds the keys."""
    for model in spec.models:
        yield Flow(server(spec, model), gateway(spec), spec.gateway.port)
        yield Flow(server(spec, model), gateway(spec), spec.gateway.metrics_port)
        yield Flow(server(spec, model), client(), 443)
        yield Flow(relay(spec), server(spec, model), model.container.port)
        for other in spec.models:
            yield Flow(server(spec, model), server(spec, other), other.container.port)
        if model not in relayed(spec):
            yield Flow(server(spec, model), relay(spec), RELAY_PORT)
    yield Flow(gateway(spec), relay(spec), RELAY_PORT)
    yield Flow(gateway(spec), client(), 443)


def _own(spec: StackSpec) -> list[Endpoint]:
    made = [gateway(spec), *(server(spec, model) for model in spec.models)]
    return [*made, relay(spec)] if relayed(spec) else made
