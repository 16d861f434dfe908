"""Why an image does not come: the kubelet's words for it, which are the registry's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.kubernetes.diagnosis.words import Logs
from llmctl.infra.kubernetes.objects import container_statuses, is_going, name, state
from llmctl.infra.kubernetes.snapshot import Snapshot
from llmctl.serving.manifests.spec import Manifest

PULL_REASONS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError")

LOGIN = (
    "Make a Secret of type kubernetes.io/dockerconfigjson in the namespace and name it: llmctl:cluster.imagePullSecret."
)
MIRROR = "Mirror it to a registry that the cluster reaches: llmctl images mirror"

REASONS: tuple[tuple[str, str, str], ...] = (
    (r"pull access denied|insufficient_scope", "its registry has no such image for these credentials", LOGIN),
    (r"401|403|[Uu]nauthorized|[Ff]orbidden|denied|authentication required", "its registry refuses it", LOGIN),
    (r"not found|manifest unknown|NAME_UNKNOWN", "its registry has no such image", "Correct the name or the tag."),
    (r"no such host", "the node does not know its registry's name", MIRROR),
    (r"x509|certificate", "the node does not trust its registry's certificate", "Have the node trust it."),
    (r"429|toomanyrequests", "its registry refuses more downloads for a while", LOGIN),
    (r"no match for platform|exec format", "it is not made for the node's kind of processor", "Use other nodes."),
    (r"no space left", "the node's disk is full", "Use nodes with more disk; images of engines take 10 GB and more."),
    (
        r"i/o timeout|connection refused|network is unreachable|deadline exceeded|TLS handshake|reset by peer|EOF",
        "the node does not reach its registry",
        MIRROR,
    ),
    (r"not present with pull policy of Never", "it is not on the node", "Bring it there, or push it to a registry."),
    (r"couldn't parse image|invalid reference|Failed to apply default image tag", "its name is no image reference",
     "Correct the name."),
)  # fmt: skip
"""Pattern, sentence, fix; the first that matches wins. containerd's and registries' words."""


def images(snapshot: Snapshot, _: Logs) -> Iterator[Diagnosis]:
    for pod in snapshot.pods:
        statuses = [one for init in (True, False) for one in container_statuses(pod, init=init)]
        for status in [] if is_going(pod) else statuses:
            waiting = state(status, "waiting") or {}
            if waiting.get("reason") in PULL_REASONS:
                yield _explained(snapshot, pod, status["image"], str(waiting.get("message", "")))
                break


def _explained(snapshot: Snapshot, pod: Manifest, image: str, message: str) -> Diagnosis:
    """A back-off repeats less than the first failure said, which is in an event."""
    events = list(snapshot.events_of(pod, "Pod"))
    failures = [str(one["message"]) for one in events if one.get("reason") == "Failed" and image in one["message"]]
    words = [one for one in (*failures, message) if "Back-off" not in one] or [message]
    said = max(words, key=len)
    reason, fix = next(
        ((sentence, fix) for pattern, sentence, fix in REASONS if re.search(pattern, said)),
        (said.rstrip("."), f"See: kubectl -n {snapshot.namespace} describe pod {name(pod)}"),
    )
    secret = _missing_secret(events)
    return Diagnosis(
        sentence=f"The image {image} of {name(pod)} cannot be pulled: {reason}{secret}.",
        fix=fix,
        about=f"pod/{name(pod)}",
        evidence=tuple(dict.fromkeys(words)),
    )


def _missing_secret(events: list[Manifest]) -> str:
    """The kubelet goes on without the pull secrets that it does not find, and says so in an event of its own."""
    lost = next((one for one in events if one.get("reason") == "FailedToRetrieveImagePullSecret"), None)
    named = re.search(r"\(([^)]+)\)", str(lost["message"])) if lost else None
    return f"; the image pull secret {named[1]} is not there" if named else ""
