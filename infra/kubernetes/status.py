"""How a stack in a cluster is doing: asked of the cluster, its gateways and its engines, not of Pulumi's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from llmctl.infra.diagnosis import NOTHING_IS_WRONG, Diagnosis
from llmctl.infra.errors import ClusterError
from llmctl.infra.kubernetes.access import namespace
from llmctl.infra.kubernetes.account import Account
from llmctl.infra.kubernetes.capacity import GPU_RESOURCES
from llmctl.infra.kubernetes.gateway_runtime import pod_administration
from llmctl.infra.kubernetes.names import model_names
from llmctl.infra.kubernetes.objects import container_statuses, is_ready, name, requests
from llmctl.infra.kubernetes.phases import Phase, phase
from llmctl.infra.kubernetes.pin import own_account
from llmctl.infra.kubernetes.pod_stream import open_pod_stream
from llmctl.infra.kubernetes.reach import operator_key_file
from llmctl.infra.kubernetes.snapshot import GATEWAY, Snapshot, take_snapshot
from llmctl.infra.kubernetes.throughput import tokens_per_second
from llmctl.infra.kubernetes.tunnel import tunnel
from llmctl.infra.kubernetes.why import diagnose
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.settings import StackSettings
from llmctl.infra.status import NOT_DEPLOYED, ModelStatus, ReplicaStatus, StackStatus
from llmctl.infra.targets import StackContext
from llmctl.serving.client import Endpoint
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.gateway.haproxy.administration import ModelState
from llmctl.serving.gateway.spec import GatewaySpec
from llmctl.serving.manifests.spec import Manifest

Load = Mapping[str, tuple[int, int]]
"""Name of a model's objects -> requests that are worked on, and that wait, over all gateways."""


def status(settings: StackSettings, context: StackContext) -> StackStatus:
    """Raises ClusterError's kinds when the cluster does not answer."""
    account, where = own_account(settings, context, writes=False), namespace(settings, context)
    labels = model_names(settings.models)
    snapshot = take_snapshot(account, where, labels.values())
    nothing = StackStatus(
        stack=context.stack, target=settings.target, model=", ".join(settings.models), state=NOT_DEPLOYED
    )
    if snapshot.home is None:
        return nothing
    gateways, key = _ready_gateways(snapshot), operator_key_file(context)
    with ThreadPoolExecutor(3) as pool:
        asked = pool.submit(diagnose, account, snapshot, context.stack)
        answering = pool.submit(lambda: any(_answers(account, where, pod) for pod in gateways[:1]))
        load = pool.submit(_load, account, where, gateways).result()
        diagnosis, healthy = asked.result(), answering.result()
    models = [_model(account, snapshot, each, labels[each], load, settings.models[each]) for each in settings.models]
    return replace(
        nothing,
        state=_state(models, bool(gateways), wrong=diagnosis.wrong),
        healthy=healthy,
        endpoint=f"http://{GATEWAY}.{where}.svc",
        api_key_file=str(key) if key.exists() else None,
        details={
            "context": account.context,
            "namespace": where,
            "gateways": f"{len(gateways)} of {_wanted(snapshot, GATEWAY)} ready",
        },
        models=tuple(models),
        problem=_problem(diagnosis, context.stack, healthy=healthy),
    )


def _problem(diagnosis: Diagnosis, stack: str, *, healthy: bool) -> str | None:
    if diagnosis.wrong or (not healthy and diagnosis.sentence != NOTHING_IS_WRONG):
        return f"{diagnosis.sentence} {diagnosis.fix}"
    return None if healthy else f"All pods are well, and the gateway is silent. See: llmctl logs {stack} --gateway"


def _state(models: Iterable[ModelStatus], gateway: bool, *, wrong: bool) -> str:
    if wrong:
        return "in trouble"
    whole = all(_warm(model) >= model.wanted for model in models)
    return "running" if whole and gateway else "starting"


def _warm(model: ModelStatus) -> int:
    return sum(replica.phase == Phase.WARM for replica in model.replicas)


def _ready_gateways(snapshot: Snapshot) -> list[str]:
    return [name(pod) for pod in snapshot.pods_of(GATEWAY) if is_ready(pod)]


def _wanted(snapshot: Snapshot, deployment: str) -> int:
    found = snapshot.deployment(deployment)
    return int(found["spec"].get("replicas", 1)) if found else 0


def _model(
    account: Account, snapshot: Snapshot, served: str, label: str, load: Load | None, settings: ModelSettings
) -> ModelStatus:
    pods = snapshot.pods_of(label)
    ready = [pod for pod in pods if is_ready(pod)]
    working, waiting = (None, None) if load is None else load.get(label, (0, 0))
    return ModelStatus(
        name=served,
        wanted=_wanted(snapshot, label),
        replicas=tuple(_replica(snapshot, pod) for pod in pods),
        working=working,
        waiting=waiting,
        tokens_per_second=_speed(account, snapshot.namespace, ready, working, settings),
    )


def _replica(snapshot: Snapshot, pod: Manifest) -> ReplicaStatus:
    made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"])
    asked = requests(pod)
    gpus = next((f"{asked[kind]} {kind}" for kind in GPU_RESOURCES if asked.get(kind)), None)
    return ReplicaStatus(
        name=name(pod),
        phase=phase(snapshot, pod),
        age=(snapshot.taken - made).total_seconds(),
        node=pod["spec"].get("nodeName"),
        gpus=gpus,
        restarts=sum(each["restartCount"] for each in container_statuses(pod, init=False)),
    )


def _load(account: Account, where: str, gateways: Iterable[str]) -> Load | None:
    """None when no gateway tells."""
    told = [states for pod in gateways if (states := _states(account, where, pod)) is not None]
    total: dict[str, tuple[int, int]] = {}
    for state in (each for states in told for each in states):
        working, waiting = total.get(state.model, (0, 0))
        total[state.model] = (working + state.working, waiting + state.waiting)
    return total if told else None


def _states(account: Account, where: str, pod: str) -> tuple[ModelState, ...] | None:
    try:
        with pod_administration(account, where, pod) as gateway:
            return gateway.models()
    except (ClusterError, OSError):
        return None


def _answers(account: Account, where: str, pod: str) -> bool:
    """/health of a gateway: each model has a replica that is ready."""
    with tunnel(lambda: open_pod_stream(account, where, pod, GatewaySpec.tunnel_port)) as port:
        return Endpoint(f"http://127.0.0.1:{port}", None).is_healthy()


def _speed(
    account: Account, where: str, ready: list[Manifest], working: int | None, settings: ModelSettings
) -> float | None:
    """Nothing to look at where nothing is worked on."""
    if not working or not ready:
        return None if working is None else 0.0
    metrics = ENGINES[settings.engine].metrics
    with ThreadPoolExecutor(min(len(ready), 8)) as pool:
        speeds = list(pool.map(lambda pod: tokens_per_second(account, where, name(pod), metrics), ready))
    told = [speed for speed in speeds if speed is not None]
    return sum(told) if told else None
