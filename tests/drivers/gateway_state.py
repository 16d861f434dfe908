"""What running gateways say of themselves: slots and queue from moment to moment, and the access log."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from drivers.stack_in_cluster import StackInCluster

from llmctl.serving.gateway.haproxy.administration import Administration, ServerState, administration
from llmctl.serving.gateway.spec import GatewaySpec

BETWEEN_S = 0.1
"""From one look to the next."""


@dataclass(frozen=True)
class Moment:
    """One `show stat` of one gateway: HAProxy answers it in one piece, so its numbers are of the same moment."""

    waiting: int
    working: tuple[int, ...]
    """Of each replica that is up."""

    on_their_way: int
    """Have left the queue for a slot, and are not counted there yet: HAProxy wakes them one after the other."""

    def idle(self, part: int) -> int:
        """Slots that nobody has or is about to take, of `part` that each replica has for this gateway."""
        return sum(max(0, part - working) for working in self.working) - self.on_their_way


@dataclass
class Watch:
    """What was seen of each gateway."""

    moments: dict[str, list[Moment]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def look(self, pod: str, model: str, gateway: Administration) -> None:
        while not self._stop.wait(BETWEEN_S):
            self.moments[pod].append(_moment(gateway.run("show stat"), model))

    def stop(self) -> None:
        self._stop.set()


def _moment(table: str, model: str) -> Moment:
    rows = [row for row in csv.DictReader(table.removeprefix("# ").splitlines()) if row["pxname"] == f"model-{model}"]
    [backend] = [row for row in rows if row["svname"] == "BACKEND"]
    servers = [row for row in rows if row is not backend]
    waiting = int(backend["qcur"])
    return Moment(
        waiting=waiting,
        working=tuple(int(row["scur"]) for row in servers if row["status"].startswith("UP")),
        on_their_way=int(backend["scur"]) - waiting - sum(int(row["scur"]) for row in servers),
    )


@contextmanager
def watching(stack: StackInCluster, model: str) -> Iterator[Watch]:
    """All gateways of the stack, from now on."""
    watch = Watch()
    with ExitStack() as open_:
        threads = []
        for pod in names(stack):
            gateway = open_.enter_context(_administration(stack, pod))
            watch.moments[pod] = []
            threads.append(threading.Thread(target=watch.look, args=(pod, model, gateway)))
        for thread in threads:
            thread.start()
        try:
            yield watch
        finally:
            watch.stop()
            for thread in threads:
                thread.join()


def servers(stack: StackInCluster) -> list[tuple[ServerState, ...]]:
    """What each gateway knows of the replicas now."""
    seen = []
    for pod in names(stack):
        with _administration(stack, pod) as gateway:
            seen.append(gateway.servers())
    return seen


@contextmanager
def _administration(stack: StackInCluster, pod: str) -> Iterator[Administration]:
    with stack.cluster.port_forward(stack.namespace, f"pod/{pod}", GatewaySpec.admin_port) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        with administration((host, int(port)), GatewaySpec.keys_directory) as gateway:
            yield gateway


def names(stack: StackInCluster) -> list[str]:
    return [pod["metadata"]["name"] for pod in stack.pods("gateway")]


def addresses(stack: StackInCluster) -> list[str]:
    """Host and port of each gateway, past the Service."""
    return [f"{pod['status']['podIP']}:{GatewaySpec.port}" for pod in stack.pods("gateway")]


def access_log(stack: StackInCluster) -> list[dict[str, Any]]:
    """Requests of all gateways; those of one in the order in which they ended."""
    texts = [stack.cluster.kubectl("logs", "-n", stack.namespace, pod) for pod in names(stack)]
    return [row for text in texts for row in _rows(text.splitlines())]


def _rows(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    """HAProxy's own words, which `kubectl logs` mixes in from stderr, are no objects."""
    for line in lines:
        if line.startswith("{"):
            yield json.loads(line)
