"""Why the API server makes no pod, or there is no namespace to make it in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.kubernetes.diagnosis.words import Logs
from llmctl.infra.kubernetes.objects import condition, name, owners
from llmctl.infra.kubernetes.snapshot import Snapshot
from llmctl.serving.manifests.spec import Manifest

Words = Callable[[re.Match[str], str], tuple[str, str]]
"""Match and Deployment -> sentence and fix."""

REFUSALS: tuple[tuple[str, Words], ...] = (
    (
        r'violates PodSecurity "([^"]+)": (.*)',
        lambda match, who: (
            f"The namespace's Pod Security level {match[1]} does not let the pods of {who} in: {match[2].rstrip('.')}.",
            "Run the container without what is named there; an image that needs it cannot run in this stack.",
        ),
    ),
    (
        r"exceeded quota: ([^,]+), requested: (.*), used: (.*), limited: (.*)",
        lambda match, who: (
            f"The quota {match[1]} lets no more pods of {who} in: {match[2]} is asked for, {match[3]} of {match[4]} "
            "is used.",
            f"Lower replicas, or raise the quota: kubectl edit resourcequota {match[1]}; llmctl up sets its own anew.",
        ),
    ),
    (
        r"failed quota: ([^:]+): must specify (.*?)(?: for:|$)",
        lambda match, who: (
            f"The quota {match[1]} wants {match[2]} said by every pod, and those of {who} do not say it.",
            "Take that quota away, or use a namespace of the stack's own: llmctl:cluster.namespace.",
        ),
    ),
    (
        r"serviceaccount \"([^\"]+)\" not found",
        lambda match, who: (
            f"The ServiceAccount {match[1]} of the pods of {who} is gone.",
            "Make it anew: llmctl up STACK",
        ),
    ),
    (
        r"no PriorityClass with name (\S+) was found",
        lambda match, who: (
            f"The PriorityClass {match[1]} of the pods of {who} is gone.",
            "Make it anew: llmctl up STACK",
        ),
    ),
    (
        r'admission webhook "([^"]+)" denied the request: (.*)',
        lambda match, who: (
            f"The cluster's own rule {match[1]} does not let the pods of {who} in: {match[2].rstrip('.')}.",
            "Have the rule's owner allow this namespace, or change what it names.",
        ),
    ),
)


def creation(snapshot: Snapshot, _: Logs) -> Iterator[Diagnosis]:
    if snapshot.home is None:
        yield Diagnosis(
            sentence=f"There is no namespace {snapshot.namespace} in the cluster: nothing of the stack is there.",
            fix="Make it: llmctl up STACK",
            about=f"namespace/{snapshot.namespace}",
        )
    elif snapshot.home.get("status", {}).get("phase") == "Terminating":
        yield _terminating(snapshot.home)
    for each in snapshot.replica_sets:
        if refusal := _refusal(each):
            yield _explained(each, refusal)


def _terminating(home: Manifest) -> Diagnosis:
    kinds = ("NamespaceFinalizersRemaining", "NamespaceContentRemaining", "NamespaceDeletionDiscoveryFailure")
    found = [condition(home, kind) for kind in kinds]
    words = [each["message"] for each in found if each.get("status") == "True"]
    return Diagnosis(
        sentence=f"The namespace {name(home)} is being deleted{': ' if words else ''}{' '.join(words).rstrip('.')}.",
        fix="Wait until it is gone; if it never is, the finalizers named there wait for their controller.",
        about=f"namespace/{name(home)}",
        evidence=tuple(words),
    )


def _refusal(replica_set: Manifest) -> str:
    """What the API server said to the controller, of a ReplicaSet that still lacks pods."""
    failure = condition(replica_set, "ReplicaFailure")
    lacks = replica_set.get("status", {}).get("replicas", 0) < replica_set["spec"].get("replicas", 0)
    return str(failure["message"]) if lacks and failure.get("status") == "True" else ""


def _explained(replica_set: Manifest, refusal: str) -> Diagnosis:
    who = next((owner for kind, owner in owners(replica_set) if kind == "Deployment"), name(replica_set))
    for pattern, words in REFUSALS:
        if match := re.search(pattern, refusal):
            sentence, fix = words(match, who)
            break
    else:
        sentence = f"The API server lets no pod of {who} in: {refusal.rstrip('.')}."
        fix = "Change what it names, then: llmctl up STACK"
    return Diagnosis(sentence=sentence, fix=fix, about=f"replicaset/{name(replica_set)}", evidence=(refusal,))
