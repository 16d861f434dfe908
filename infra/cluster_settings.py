"""ClusterSettings, GatewaySettings, WeightsSettings: what a stack in a cluster is told besides its models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from llmctl.infra.settings_base import Settings, Whole
from llmctl.serving.weights.spec import SourceKind

DNS_LABEL = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
DNS_DOMAIN = r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$"
HEADER = r"^[A-Za-z][A-Za-z0-9-]{0,63}$"
LABEL_KEY = r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"


class ClusterSettings(Settings):
    """The cluster that a stack runs in."""

    context: Annotated[str | None, Field(min_length=1)] = None
    """Context of the kubeconfig, for the target kubernetes. The cluster's UID is pinned at the first `up`; another one
    of that name is refused."""

    kubeconfig: str | None = None
    """Path, relative to stacks/. Unset: what KUBECONFIG says, else ~/.kube/config."""

    namespace: Annotated[str | None, Field(pattern=DNS_LABEL)] = None
    """The stack's own namespace, made by `up` and taken away by `down`. Unset: llmctl-<stack>."""

    server_image: Annotated[str, Field(min_length=1)]
    """llmctl's own image in a registry that the cluster reaches; docs/images.md tells how to make and push it."""

    gateway_image: str | None = None
    """HAProxy's image. Unset: the official one that docs/gateway.md names."""

    domain: Annotated[str, Field(pattern=DNS_DOMAIN)] = "cluster.local"
    """The cluster's DNS domain. Gateways ask for whole names, since HAProxy knows no search path."""

    image_pull_secret: Annotated[str | None, Field(pattern=DNS_LABEL)] = None
    """Name of a Secret of type kubernetes.io/dockerconfigjson, which you keep in the namespace. Unset: none."""

    node_selector: dict[Annotated[str, Field(pattern=LABEL_KEY)], str] = Field(default_factory=dict)
    """Labels that the nodes of model servers must have."""

    monitoring_namespace: Annotated[str, Field(pattern=DNS_LABEL)] = "monitoring"
    """Whose pods may read metrics; for all others the network policies close those ports."""

    prometheus: str | None = None
    """Address of a Prometheus, which KEDA asks for the gateway's queue. Unset: replicas stay at `replicas`."""


class GatewaySettings(Settings):
    """What the gateway holds its clients to."""

    replicas: Annotated[int, Field(ge=1, le=16), Whole] = 2
    """Gateways; each holds 1/n of every limit. Two, so that one can be replaced."""

    requests_per_minute: Annotated[int, Field(ge=1, le=1_000_000), Whole] = 600
    """Requests of a key that was made without a limit of its own."""

    queue_seconds: Annotated[int, Field(ge=1, le=3600), Whole] = 30
    """A request waits this long for a replica at the most; then 429."""

    queue_length: Annotated[int, Field(ge=1, le=100_000), Whole] = 256
    """Requests that wait for one model at the most; above it 429 at once."""

    body_bytes: Annotated[int, Field(ge=1024, le=100_000_000), Whole] = 2_000_000
    """Bytes of a request; above it 413. TGI's own limit."""

    session_header: Annotated[str, Field(pattern=HEADER)] = "X-Session-Id"
    """Header by which requests go to the same replica. Without it: system prompt and first user turn."""

    tls_secret: Annotated[str | None, Field(pattern=DNS_LABEL)] = None
    """Name of a Secret of type kubernetes.io/tls, which you keep in the namespace. Unset: plain HTTP in the cluster."""


class WeightsSettings(Settings):
    """Where the weights of a model come from."""

    source: SourceKind = SourceKind.HUB
    """hub, bucket, oci, pvc, or image (the engine's image brings them)."""

    url: str | None = None
    """hub: a mirror's address; bucket: s3://name/prefix; oci: repository:tag; pvc: claim/path; image: path in it.
    Unset: the Hugging Face Hub."""

    credentials: Annotated[str | None, Field(pattern=DNS_LABEL)] = None
    """Name of a Secret in the namespace, whose keys become variables of the relay (HF_TOKEN, AWS_ACCESS_KEY_ID…)."""

    networks: tuple[str, ...] = ()
    """CIDRs that the source is in, the only ones the relay may reach. Unset: all but private ones.
    Ports: that of `url`, and 443."""

    @property
    def relayed(self) -> bool:
        """Whether the weights come over the network; a claim is mounted, and an image has been pulled."""
        return self.source not in (SourceKind.PVC, SourceKind.IMAGE)
