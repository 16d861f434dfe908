"""The gateways: one Deployment before all models, with its configuration and the hashes of the keys."""

from __future__ import annotations

from dataclasses import replace

from llmctl.serving.gateway.haproxy.gateway import HaproxyGateway
from llmctl.serving.gateway.keys import KEYS, LIMITS
from llmctl.serving.manifests import container, labels, services
from llmctl.serving.manifests.accounts import KEYS_SECRET
from llmctl.serving.manifests.deployment import SURGE, Pod, Rollout, deployment
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.spec import Manifest, StackSpec
from llmctl.serving.manifests.startup import MIN_READY_SECONDS

CONFIGURATION = "gateway"
"""Name of the ConfigMap with the product's files."""

NO_KEYS = "gateway-no-keys"
"""Name of the ConfigMap with empty files, for a Secret that nobody has put a key into yet."""

PATIENCE_SECONDS = 300
"""For a gateway to be there: a small image, and a start of seconds. Assumed."""

RESERVED = 0.25
"""Of the cores that the product can use, the part that is set aside for it; its limit is all of them. Assumed: it hands
tokens on, and generates none."""

READ_BY_GROUP = 0o440


def configuration(spec: StackSpec) -> Manifest:
    return _config_map(spec, CONFIGURATION, dict(spec.gateway_files))


def no_keys(spec: StackSpec) -> Manifest:
    return _config_map(spec, NO_KEYS, {KEYS: "", LIMITS: ""})


def _config_map(spec: StackSpec, name: str, data: dict[str, str]) -> Manifest:
    metadata = labels.metadata(spec, name, Component.GATEWAY)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def gateway(spec: StackSpec) -> Manifest:
    """Its pods change with the configuration, which they read only when they start; not with the keys."""
    product = HaproxyGateway()
    wanted = product.container(spec.gateway, spec.gateway_image)
    reserved = replace(wanted, resources=replace(wanted.resources, cpus=RESERVED * wanted.resources.cpus))
    files = container.mount("configuration", product.files_directory)
    keys = container.mount("keys", spec.gateway.keys_directory)
    pod = Pod(
        containers=[
            container.container("gateway", reserved, [files, keys, *_certificate_mounts(spec)], burst=1 / RESERVED)
        ],
        volumes=[
            *(container.volume(volume) for volume in wanted.volumes),
            container.configuration("configuration", CONFIGURATION),
            _keys(),
            *_certificate(spec),
        ],
        grace_seconds=wanted.shutdown.grace_seconds,
        group=wanted.run_as_user,
        annotations={labels.CONTENT: labels.content_hash(*map("\n".join, sorted(spec.gateway_files.items())))},
    )
    rollout = Rollout(
        replicas=spec.gateway.gateways,
        strategy=SURGE,
        min_ready_seconds=MIN_READY_SECONDS,
        progress_deadline_seconds=PATIENCE_SECONDS,
    )
    return deployment(spec, services.GATEWAY, Component.GATEWAY, None, rollout, pod)


def _keys() -> Manifest:
    """Of two sources with a file of the same name the kubelet takes the later one, so the empty files show through only
    where the Secret has none: a gateway starts before the first key is made."""
    return {
        "name": "keys",
        "projected": {
            "defaultMode": READ_BY_GROUP,
            "sources": [{"configMap": {"name": NO_KEYS}}, {"secret": {"name": KEYS_SECRET}}],
        },
    }


def _certificate(spec: StackSpec) -> list[Manifest]:
    """A Secret of type kubernetes.io/tls. HAProxy finds the key of NAME.pem in NAME.pem.key (ssl-load-extra-files)."""
    if not spec.gateway.tls:
        return []
    name = spec.gateway.certificate_file.rpartition("/")[2]
    items = [{"key": "tls.crt", "path": name}, {"key": "tls.key", "path": f"{name}.key"}]
    secret = {"secretName": spec.tls_secret, "defaultMode": READ_BY_GROUP, "items": items}
    return [{"name": "certificate", "secret": secret}]


def _certificate_mounts(spec: StackSpec) -> list[Manifest]:
    directory = spec.gateway.certificate_file.rpartition("/")[0]
    return [container.mount("certificate", directory)] if spec.gateway.tls else []
