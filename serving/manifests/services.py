"""The names under which clients find the gateway, the gateway the replicas, and the replicas the relay."""

from __future__ import annotations

from llmctl.serving.manifests import labels
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec

GATEWAY = "gateway"
KNOWN_SUFFIX = "-known"


def ready_host(model: str, namespace: str, domain: str) -> str:
    """Whole, because a gateway that asks DNS itself does not try the search list of resolv.conf."""
    return f"{model}.{namespace}.svc.{domain}"


def known_host(model: str, namespace: str, domain: str) -> str:
    return ready_host(model + KNOWN_SUFFIX, namespace, domain)


def gateway(spec: StackSpec) -> Manifest:
    name, port = ("https", 443) if spec.gateway.tls else ("http", 80)
    made = _service(spec, GATEWAY, Component.GATEWAY, None)
    made["spec"] |= {"type": "ClusterIP", "ports": [_port(name, port, spec.gateway.port)]}
    return made


def ready(spec: StackSpec, model: ServedModel) -> Manifest:
    """Headless: its name has an address for each ready replica."""
    return _headless(spec, model.name, model)


def known(spec: StackSpec, model: ServedModel) -> Manifest:
    """Headless, with the replicas that are not ready too: whether there are any is what tells "soon" from "never"."""
    made = _headless(spec, model.name + KNOWN_SUFFIX, model)
    made["spec"]["publishNotReadyAddresses"] = True
    return made


def _headless(spec: StackSpec, name: str, model: ServedModel) -> Manifest:
    made = _service(spec, name, Component.MODEL_SERVER, model)
    made["spec"] |= {"clusterIP": "None", "ports": [_port("http", model.container.port, model.container.port)]}
    return made


def _service(spec: StackSpec, name: str, component: Component, model: ServedModel | None) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": labels.metadata(spec, name, component, model),
        "spec": {"selector": labels.selector(component, model)},
    }


def _port(name: str, port: int, target: int) -> Manifest:
    return {"name": name, "port": port, "targetPort": target, "protocol": "TCP"}
