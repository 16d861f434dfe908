"""What a stack file may ask for and the Kubernetes target cannot do: it is told before anything is started."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from llmctl.infra.cluster_settings import WeightsSettings
from llmctl.infra.settings import StackSettings
from llmctl.infra.stack_file import Location
from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.reference import parse_reference
from llmctl.serving.spec import EngineName
from llmctl.serving.weights.spec import SourceKind

LAPTOP_ONLY = {
    "hostname": "a gateway listens on its pod's address",
    "port": "the gateway's Service has port 80, or 443 with llmctl:gateway.tlsSecret",
}
"""Settings of a server on this machine, and what is so instead."""

NEEDS_URL = frozenset({SourceKind.BUCKET, SourceKind.OCI, SourceKind.PVC, SourceKind.IMAGE})


def limits(settings: StackSettings) -> Iterator[tuple[Location, str]]:
    """Each setting that cannot be had, with the reason."""
    if settings.cluster is None:
        yield ("cluster",), "is missing; allowed: a map with at least context and serverImage"
    else:
        if settings.cluster.context is None:
            yield ("cluster", "context"), "is missing; allowed: the name of a context of your kubeconfig"
        yield from _images(settings)
    for name, instead in LAPTOP_ONLY.items():
        if getattr(settings, name) != StackSettings.model_fields[name].default:
            yield (name,), f"the kubernetes target cannot do this: {instead}; take it out"
    yield from models(settings)


def models(settings: StackSettings) -> Iterator[tuple[Location, str]]:
    """What cannot be had of models in any cluster."""
    for name, model in settings.models.items():
        if model.accelerator == "cpu" and model.engine not in (EngineName.TGI, EngineName.LLAMACPP):
            yield (
                ("models", name, "engine"),
                f"{model.engine} has no image for processors here; allowed with accelerator cpu: tgi, llamacpp",
            )
        if model.adapters:
            yield ("models", name, "adapters"), "the relay of the weights serves one model, no adapters; take them out"
        if model.speculation and model.speculation.draft_model:
            yield (
                ("models", name, "speculation", "draftModel"),
                "the relay of the weights serves one model, no draft beside it; take it out to guess from n-grams",
            )
        yield from ((("models", name, "weights", key), reason) for key, reason in _weights(model.weights))


def _images(settings: StackSettings) -> Iterator[tuple[Location, str]]:
    given = settings.cluster.model_dump(by_alias=True) if settings.cluster else {}
    for key in ("serverImage", "gatewayImage"):
        try:
            parse_reference(given.get(key) or "unset")
        except InvalidImage as error:
            yield ("cluster", key), str(error)


def _weights(weights: WeightsSettings) -> Iterator[tuple[str, str]]:
    if weights.url is None and weights.source in NEEDS_URL:
        yield "url", f"is missing; source {weights.source} needs it"
    for each in weights.networks:
        try:
            ipaddress.ip_network(each)
        except ValueError:
            yield "networks", f"{each!r} is no CIDR; allowed: networks such as 192.0.2.0/24"
