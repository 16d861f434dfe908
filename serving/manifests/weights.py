"""The relay, the one pod that leaves the cluster, and what brings its files into a replica."""

from __future__ import annotations

from pathlib import PurePosixPath

from llmctl.serving.engines.container import ContainerSpec, Metrics, Probe, Probes, Resources, Shutdown, Volume
from llmctl.serving.engines.probes import ENDPOINT_REMOVAL_SECONDS
from llmctl.serving.manifests import container, labels
from llmctl.serving.manifests.deployment import SURGE, Pod, Rollout, deployment
from llmctl.serving.manifests.labels import Component
from llmctl.serving.manifests.quantities import MIB
from llmctl.serving.manifests.spec import Manifest, ServedModel, StackSpec
from llmctl.serving.weights.configuration import WeightsConfiguration, variable_prefix
from llmctl.serving.weights.spec import SourceKind, Weights

RELAY = "weights"
RELAY_PORT = 8080
RELAYED = frozenset({SourceKind.HUB, SourceKind.BUCKET, SourceKind.OCI})
"""Sources on the network. A claim is mounted, and an image has been pulled."""

CONFIGURATION = "weights"
"""Name of the ConfigMap that relay and fetchers share."""

LIST = "weights-list"
"""The ConfigMap as a volume of a pod."""

FILE = "weights.json"
DIRECTORY = "/etc/weights"
CLAIM = "claim"
CLAIM_DIRECTORY = "/claim"
USER = 65532
"""The image's own; any other works too, since nothing in the image is written to."""

FETCHER = "weights"
"""The init container, and the volume that it fills."""

SLACK = 0.02
"""Of the files' size: blocks of the file system that are not full, and a fetcher's notes beside them. Assumed."""

SLACK_BYTES = 16 * MIB


def relayed(spec: StackSpec) -> tuple[ServedModel, ...]:
    """The models whose weights come through the relay; without any there is none."""
    return tuple(model for model in spec.models if model.weights and model.weights.kind in RELAYED)


def fetched(spec: StackSpec) -> tuple[ServedModel, ...]:
    """The models whose files are put into a directory of the pod before the engine starts."""
    return tuple(model for model in spec.models if is_fetched(model.weights))


def is_fetched(weights: Weights | None) -> bool:
    return weights is not None and weights.kind is not SourceKind.IMAGE


def configuration(spec: StackSpec) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": labels.metadata(spec, CONFIGURATION, Component.WEIGHTS),
        "data": {FILE: _configuration(fetched(spec))},
    }


def _configuration(models: tuple[ServedModel, ...]) -> str:
    return WeightsConfiguration(models={m.name: m.weights for m in models if m.weights}).to_json()


def relay_service(spec: StackSpec) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": labels.metadata(spec, RELAY, Component.WEIGHTS),
        "spec": {
            "type": "ClusterIP",
            "selector": labels.selector(Component.WEIGHTS),
            "ports": [{"name": "http", "port": RELAY_PORT, "targetPort": RELAY_PORT, "protocol": "TCP"}],
        },
    }


def relay(spec: StackSpec) -> Manifest:
    """Its pod changes with the files of the models that it serves, whose fetchers ask for no others."""
    wanted = _relay_container(spec)
    made = container.container("relay", wanted, [container.mount(LIST, DIRECTORY)])
    if secrets := credentials(spec):
        made["envFrom"] = [{"prefix": variable_prefix(name), "secretRef": {"name": name}} for name in secrets]
    pod = Pod(
        containers=[made],
        volumes=[
            *(container.volume(volume) for volume in wanted.volumes),
            container.configuration(LIST, CONFIGURATION),
        ],
        grace_seconds=wanted.shutdown.grace_seconds,
        annotations={labels.CONTENT: labels.content_hash(_configuration(relayed(spec)))},
    )
    rollout = Rollout(replicas=1, strategy=SURGE, min_ready_seconds=0, progress_deadline_seconds=PATIENCE_SECONDS)
    return deployment(spec, RELAY, Component.WEIGHTS, None, rollout, pod)


PATIENCE_SECONDS = 300
"""For the relay to be there: our own image is small. Assumed."""


def credentials(spec: StackSpec) -> list[str]:
    names = (model.weights.credentials for model in relayed(spec) if model.weights)
    return list(dict.fromkeys(name for name in names if name))


def _relay_container(spec: StackSpec) -> ContainerSpec:
    def probe(period: int, failures: int, why: str) -> Probe:
        return Probe(path="/health", port=RELAY_PORT, period=period, timeout=5, failure_threshold=failures, why=why)

    return ContainerSpec(
        image=spec.server_image,
        command=("python3", "-m", "llmctl.serving.weights.relay"),
        args=("--configuration", f"{DIRECTORY}/{FILE}", "--port", str(RELAY_PORT)),
        env={"HOME": SCRATCH},
        port=RELAY_PORT,
        probes=Probes(
            startup=probe(1, 60, "an import and a socket"),
            readiness=probe(5, 3, "it asks nobody"),
            liveness=probe(30, 5, "a hang only"),
        ),
        shutdown=Shutdown(
            pre_stop_seconds=ENDPOINT_REMOVAL_SECONDS,
            grace_seconds=ENDPOINT_REMOVAL_SECONDS + 30,
            why="running answers have 20 s (relay's GRACE_SECONDS), and a fetcher takes up what was cut",
        ),
        volumes=(SCRATCH_VOLUME,),
        # It passes bytes on: measured nowhere yet; assumed from one core of TLS and a few buffers for each connection.
        resources=Resources(gpu_resource=None, gpus=0, cpus=0.5, memory=512 * MIB, disk=SCRATCH_BYTES),
        metrics=Metrics(path="", port=RELAY_PORT, names={}),
        health_means="it listens; not that its sources answer",
        run_as_user=USER,
    )


SCRATCH = "/tmp"  # noqa: S108 (a volume of the container's own)
SCRATCH_BYTES = 64 * MIB
SCRATCH_VOLUME = Volume(name="tmp", path=SCRATCH, size=SCRATCH_BYTES, why="HOME, and temporary files of libraries")


def fetcher(spec: StackSpec, model: ServedModel) -> Manifest:
    """The init container that fills the model's directory; it ends only when every hash is right.

    It asks for no more than the server after it, so it costs the pod nothing.
    """
    from_claim = model.weights is not None and model.weights.kind is SourceKind.PVC
    source = ("--volume", _claim_path(model)) if from_claim else ("--relay", f"http://{RELAY}:{RELAY_PORT}")
    mounts = [container.mount(LIST, DIRECTORY), {"name": FETCHER, "mountPath": model.weights_path}]
    return {
        "name": FETCHER,
        "image": spec.server_image.reference,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-m", "llmctl.serving.weights.fetch"],
        "args": [
            *("--configuration", f"{DIRECTORY}/{FILE}"),
            *("--model", model.name),
            *("--directory", model.weights_path),
            *source,
        ],
        "resources": container.without_devices(model.container.resources),
        "securityContext": container.security(USER),
        "volumeMounts": [*mounts, *([container.mount(CLAIM, CLAIM_DIRECTORY)] if from_claim else [])],
    }


def volumes(model: ServedModel) -> list[Manifest]:
    """The directory, with room for exactly these files; what lists them; and the claim where they come from one."""
    if model.weights is None or not is_fetched(model.weights):
        return []
    size = model.weights.size  # of a claim nobody knows it before
    room = int((1 + SLACK) * size) + SLACK_BYTES if size else None
    made = [
        container.empty_directory(FETCHER, room),
        container.configuration(LIST, CONFIGURATION),
    ]
    if model.weights.kind is SourceKind.PVC:
        claim = {"claimName": _claim(model.weights), "readOnly": True}
        made.append({"name": CLAIM, "persistentVolumeClaim": claim})
    return made


def content(model: ServedModel) -> dict[str, str]:
    """Other files, other pods; those of another model change nothing here."""
    if not is_fetched(model.weights):
        return {}
    return {labels.CONTENT: labels.content_hash(_configuration((model,)))}


def _claim(weights: Weights) -> str:
    return weights.url.partition("/")[0]


def _claim_path(model: ServedModel) -> str:
    inside = model.weights.url.partition("/")[2] if model.weights else ""
    return str(PurePosixPath(CLAIM_DIRECTORY) / inside)
