"""Why no node takes a pod: the scheduler's filters in a row; the one that leaves no node is the cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from llmctl.infra.diagnosis import Diagnosis
from llmctl.infra.kubernetes.capacity import GPU_RESOURCES, Node
from llmctl.infra.kubernetes.diagnosis.words import Logs, several
from llmctl.infra.kubernetes.objects import condition, is_going, labels, name, requests
from llmctl.infra.kubernetes.snapshot import Snapshot
from llmctl.serving.manifests.spec import Manifest

Cause = tuple[str, str]
"""Sentence and fix."""

REPELLING = ("NoSchedule", "NoExecute")


@dataclass(frozen=True)
class Filter:
    passes: Callable[[Manifest, Node], bool]
    cause: Callable[[Manifest, Sequence[Node], Sequence[Node]], Cause]
    """Of the pod, the nodes that came so far, and all nodes."""


def placement(snapshot: Snapshot, _: Logs) -> Iterator[Diagnosis]:
    """Pods that have no node."""
    for pod in snapshot.pods:
        scheduled = condition(pod, "PodScheduled")
        if pod["spec"].get("nodeName") or is_going(pod) or scheduled.get("reason") != "Unschedulable":
            continue
        evidence = (f"scheduler: {scheduled.get('message', '')}", *_autoscaler(snapshot, pod))
        sentence, fix, wrong = _explained(snapshot, pod, evidence)
        yield Diagnosis(sentence=sentence, fix=fix, about=f"pod/{name(pod)}", evidence=evidence, wrong=wrong)


def _explained(snapshot: Snapshot, pod: Manifest, evidence: Sequence[str]) -> tuple[str, str, bool]:
    sentence, fix = _cause(pod, snapshot.nodes) or _in_the_schedulers_words(pod, evidence[0])
    if any(line.startswith("autoscaler: TriggeredScaleUp") for line in evidence[1:]):
        return f"{sentence[:-1]}; a node is being added.", "Wait for the node: the autoscaler has asked for it.", False
    return sentence, fix, True


def _cause(pod: Manifest, nodes: Sequence[Node] | None) -> Cause | None:
    """The first filter that no node passes; None where nodes cannot be seen, or one of them would do."""
    if nodes is None:
        return None
    left: Sequence[Node] = nodes
    for each in FILTERS:
        passing = [node for node in left if each.passes(pod, node)]
        if not passing:
            return each.cause(pod, left, nodes)
        left = passing
    return None


def _in_the_schedulers_words(pod: Manifest, message: str) -> Cause:
    return (
        f"No node takes {name(pod)}: {message.removeprefix('scheduler: ').rstrip('.')}.",
        f"See what holds the nodes (kubectl describe nodes), and what is asked for: kubectl describe pod {name(pod)}",
    )


def _autoscaler(snapshot: Snapshot, pod: Manifest) -> Iterator[str]:
    for event in snapshot.events_of(pod, "Pod"):
        if event.get("reason") in ("TriggeredScaleUp", "NotTriggerScaleUp"):  # Cluster Autoscaler's
            yield f"autoscaler: {event['reason']}: {event.get('message', '')}"
            return


def _gpus(pod: Manifest) -> tuple[str, Decimal] | None:
    asked = requests(pod)
    return next(((one, asked[one]) for one in GPU_RESOURCES if asked.get(one)), None)


def _has_gpus(pod: Manifest, node: Node) -> bool:
    gpus = _gpus(pod)
    return gpus is None or bool(node.allocatable.get(gpus[0]))


def _no_gpus(pod: Manifest, _: Sequence[Node], nodes: Sequence[Node]) -> Cause:
    resource, number = _needed_gpus(pod)
    unused = [node.name for node in nodes if labels(node.manifest).get("nvidia.com/gpu.present") == "true"]
    if unused:
        return (
            f"None of the {len(nodes)} nodes offers {resource}, though {several(unused)} has a GPU: the device plugin "
            "does not run there.",
            "Look at the device plugin's pods: kubectl get pods -A | grep device-plugin",
        )
    return (
        f"None of the {len(nodes)} nodes has {resource}; {name(pod)} needs {number}.",
        "Add a GPU node (with its device plugin) to the cluster, or give the model `accelerator: cpu`.",
    )


def _enough_gpus_on_one(pod: Manifest, node: Node) -> bool:
    gpus = _gpus(pod)
    return gpus is None or node.allocatable.get(gpus[0], Decimal(0)) >= gpus[1]


def _too_many_gpus(pod: Manifest, left: Sequence[Node], _: Sequence[Node]) -> Cause:
    resource, number = _needed_gpus(pod)
    most = max(left, key=lambda node: node.allocatable[resource])
    return (
        f"{name(pod)} needs {number} {resource} on one node; the most that one has is {most.allocatable[resource]} "
        f"({most.name}).",
        f"Give the model an accelerator of at most {most.allocatable[resource]} GPUs, or add a larger node.",
    )


def _selected(pod: Manifest, node: Node) -> bool:
    selector = pod["spec"].get("nodeSelector") or {}
    return bool(selector.items() <= labels(node.manifest).items())


def _not_selected(pod: Manifest, left: Sequence[Node], nodes: Sequence[Node]) -> Cause:
    selector: Mapping[str, str] = pod["spec"]["nodeSelector"]
    missing = {key: value for key, value in selector.items() if not _any_has(left, key, value)}
    wanted = several(f"{key}={value}" for key, value in (missing or selector).items())
    there = {f"{key}={labels(node.manifest)[key]}" for key in selector for node in left if key in labels(node.manifest)}
    known = f"; there is {several(sorted(there))}" if there else ""
    return (
        f"0/{len(nodes)} nodes have {wanted}, which {name(pod)} asks for{known}.",
        "Name labels that nodes have (kubectl get nodes --show-labels), or another accelerator.",
    )


def _any_has(nodes: Sequence[Node], key: str, value: str) -> bool:
    return any(labels(node.manifest).get(key) == value for node in nodes)


def _usable(_: Manifest, node: Node) -> bool:
    return node.ready and not node.cordoned


def _unusable(pod: Manifest, left: Sequence[Node], nodes: Sequence[Node]) -> Cause:
    cordoned = [node.name for node in left if node.cordoned]
    dead = [f"{node.name} ({_why_not_ready(node)})" for node in left if not node.ready and not node.cordoned]
    reasons = [f"{_is(cordoned)} cordoned" if cordoned else "", f"{_is(dead)} not ready" if dead else ""]
    fix = f"Let {cordoned[0]} take pods again: kubectl uncordon {cordoned[0]}" if cordoned else ""
    return (
        f"0/{len(nodes)} nodes take {name(pod)}: {several(filter(None, reasons))}.",
        fix or f"Repair or replace the node: kubectl describe node {left[0].name}",
    )


def _is(names: Sequence[str]) -> str:
    return f"{several(names)} {'is' if len(names) == 1 else 'are'}"


def _why_not_ready(node: Node) -> str:
    ready = condition(node.manifest, "Ready")
    return str(ready.get("reason") or "its kubelet has not reported")


def _tolerated(pod: Manifest, node: Node) -> bool:
    return not _repelling(pod, node)


def _repelling(pod: Manifest, node: Node) -> list[Mapping[str, Any]]:
    taints = node.manifest["spec"].get("taints") or ()
    tolerations = pod["spec"].get("tolerations") or ()
    return [
        taint
        for taint in taints
        if taint["effect"] in REPELLING and not any(_tolerates(each, taint) for each in tolerations)
    ]


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    """As in k8s.io/api core/v1 Toleration.ToleratesTaint: an empty key or effect stands for any."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value", "") == taint.get("value", "")


def _repelled(pod: Manifest, left: Sequence[Node], nodes: Sequence[Node]) -> Cause:
    taints = {_shown(taint) for node in left for taint in _repelling(pod, node)}
    return (
        f"0/{len(nodes)} nodes take {name(pod)}: {_is([node.name for node in left])} "
        f"tainted with {several(sorted(taints))}, which it does not tolerate.",
        f"Add the toleration to the model, or take the taint away: kubectl taint node {left[0].name} "
        f"{_shown(_repelling(pod, left[0])[0])}-",
    )


def _shown(taint: Mapping[str, Any]) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _free_gpus(pod: Manifest, node: Node) -> bool:
    gpus = _gpus(pod)
    return gpus is None or node.free(gpus[0]) >= gpus[1]


def _held_gpus(pod: Manifest, left: Sequence[Node], nodes: Sequence[Node]) -> Cause:
    resource, number = _needed_gpus(pod)
    holders = sorted((pair for node in left for pair in node.holders(resource)), key=lambda pair: -pair[1])
    held = sum((amount for _, amount in holders), Decimal(0))
    free = "a free" if number == 1 else f"{number} free"
    who = several(f"{who} ({amount})" for who, amount in holders)
    return (
        f"0/{len(nodes)} nodes have {free} {resource}; {held} {'is' if held == 1 else 'are'} held by {who}.",
        "Take away what is no longer needed of these, lower `replicas`, or add a GPU node.",
    )


def _room(resource: str) -> Callable[[Manifest, Node], bool]:
    def passes(pod: Manifest, node: Node) -> bool:
        return node.free(resource) >= requests(pod).get(resource, Decimal(0))

    return passes


def _no_room(resource: str, words: str, unit: Callable[[Decimal], str]) -> Callable[..., Cause]:
    def cause(pod: Manifest, left: Sequence[Node], nodes: Sequence[Node]) -> Cause:
        best = max(left, key=lambda node: node.free(resource))
        needed, most = requests(pod)[resource], best.allocatable.get(resource, Decimal(0))
        others = f"; the other {len(nodes) - len(left)} cannot be used" if len(left) < len(nodes) else ""
        return (
            f"0/{len(nodes)} nodes have {unit(needed)} {words} free for {name(pod)}; the most is "
            f"{unit(best.free(resource))} of {unit(most)} ({best.name}){others}.",
            f"Free {words} on {best.name}, or add a node." if needed <= most else f"Use a node with more {words}.",
        )

    return cause


def _gibibytes(amount: Decimal) -> str:
    return f"{amount / 2**30:.1f} GiB"


def _cores(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _needed_gpus(pod: Manifest) -> tuple[str, int]:
    resource, number = _gpus(pod) or ("", Decimal(0))
    return resource, int(number)


FILTERS = (
    Filter(_has_gpus, _no_gpus),
    Filter(_enough_gpus_on_one, _too_many_gpus),
    Filter(_selected, _not_selected),
    Filter(_tolerated, _repelled),
    Filter(_usable, _unusable),
    Filter(_free_gpus, _held_gpus),
    Filter(_room("memory"), _no_room("memory", "memory", _gibibytes)),
    Filter(_room("cpu"), _no_room("cpu", "processor cores", _cores)),
    Filter(_room("ephemeral-storage"), _no_room("ephemeral-storage", "disk", _gibibytes)),
)
"""From what a cluster lacks for ever to what may be free in a minute."""
