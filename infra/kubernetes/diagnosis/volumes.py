"""Why a pod that has a node, or waits for one, does not get its volumes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.kubernetes.diagnosis.words import Logs
from llmctl.infra.kubernetes.objects import container_statuses, is_going, name, state
from llmctl.infra.kubernetes.snapshot import GATEWAY, Snapshot
from llmctl.serving.manifests.spec import Manifest

MISSING = re.compile(r'(secret|configmap)s? "([^"]+)" not found|references non-existent (secret|config) key: (\S+)')


def volumes(snapshot: Snapshot, _: Logs) -> Iterator[Diagnosis]:
    for pod in snapshot.pods:
        if not is_going(pod):
            yield from _claims(snapshot, pod)
            yield from _mounts(snapshot, pod)


def _claims(snapshot: Snapshot, pod: Manifest) -> Iterator[Diagnosis]:
    sources = (volume.get("persistentVolumeClaim") for volume in pod["spec"].get("volumes") or ())
    for wanted in (source["claimName"] for source in sources if source):
        claim = next((one for one in snapshot.claims if name(one) == wanted), None)
        if claim is None:
            yield Diagnosis(
                sentence=f"{name(pod)} needs the PersistentVolumeClaim {wanted}, and there is none of that name.",
                fix=f"Make it in {snapshot.namespace}, or name another: weights.url.",
                about=f"pod/{name(pod)}",
            )
        elif claim.get("status", {}).get("phase") != "Bound":
            yield _unbound(snapshot, claim)


def _unbound(snapshot: Snapshot, claim: Manifest) -> Diagnosis:
    event = next(snapshot.events_of(claim, "PersistentVolumeClaim"), None)
    said = str(event.get("message", "")) if event else ""
    storage = claim["spec"].get("storageClassName")
    why = f": {said.rstrip('.')}" if said else f" by its storage class {storage}" if storage else ""
    return Diagnosis(
        sentence=f"The PersistentVolumeClaim {name(claim)} has no volume yet{why}.",
        fix="See that its storage class is there and provisions (kubectl get storageclass), or make the volume.",
        about=f"persistentvolumeclaim/{name(claim)}",
        evidence=(said,) if said else (),
    )


def _mounts(snapshot: Snapshot, pod: Manifest) -> Iterator[Diagnosis]:
    """Secrets and ConfigMaps that are not there: the kubelet says so in an event, or at the container."""
    waiting = (state(one, "waiting") for init in (True, False) for one in container_statuses(pod, init=init))
    reasons = [one for one in waiting if one]
    if not reasons:
        return
    said = [str(one.get("message", "")) for one in reasons if one.get("reason") == "CreateContainerConfigError"]
    said += [str(e.get("message", "")) for e in snapshot.events_of(pod, "Pod") if e.get("reason") == "FailedMount"][:1]
    for message in said:
        yield (
            _missing(snapshot, pod, message)
            if MISSING.search(message)
            else Diagnosis(
                sentence=f"{name(pod)} does not get what it mounts: {message.rstrip('.')}.",
                fix=f"See: kubectl -n {snapshot.namespace} describe pod {name(pod)}",
                about=f"pod/{name(pod)}",
                evidence=(message,),
            )
        )


def _missing(snapshot: Snapshot, pod: Manifest, message: str) -> Diagnosis:
    match = MISSING.search(message)
    assert match is not None  # noqa: S101  (the caller has looked)
    kind, wanted = match[1] or match[3], match[2] or match[4]
    kind = {"secret": "Secret", "configmap": "ConfigMap", "config": "ConfigMap"}[kind]
    part = "The gateway" if snapshot.deployment_of(pod) == GATEWAY else name(pod)
    return Diagnosis(
        sentence=f"{part} cannot start without its {kind} {wanted}, which is not there.",
        fix="What llmctl makes comes back with: llmctl up STACK; a Secret of yours you make anew "
        f"in {snapshot.namespace}.",
        about=f"pod/{name(pod)}",
        evidence=(message,),
    )
