"""How many follow-ups find their prefix, by load.

`PYTHONPATH=tests:containers .venv/bin/python benchmarks/affinity.py` starts a cluster of its own (root, see
docs/cluster-tests.md) with two gateways and three replicas of a stub that answers after a fixed time, and writes
docs/benchmarks/affinity.md.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from drivers.cluster.cluster import Cluster
from drivers.conversations import Talk, Visited, converse
from drivers.packed_images import FIXED_SECONDS, FIXED_SERVER, HAPROXY, fixed_server, haproxy, write_archives
from drivers.stack_in_cluster import StackInCluster, a_model, stack_in
from machine import described_machine

REPORT = Path(__file__).parents[1] / "docs" / "benchmarks" / "affinity.md"
REPLICAS, GATEWAYS = 3, 2
SLOTS = (16, 8)
LOADS = (0.5, 0.65, 1.0, 1.5)
COLUMNS = (
    "slots of a replica",
    "load asked for",
    "load that came",
    "conversations",
    "follow-ups where the turn before was",
    "where the first turn was",
    "most/mean requests of a replica",
    "refused",
)
HEAD = f"| {' | '.join(COLUMNS)} |\n|{' ---: |' * len(COLUMNS)}"


@contextmanager
def standing() -> Iterator[StackInCluster]:
    """A stack that is not up yet."""
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster.start(Path(directory) / "cluster")
        try:
            (archives := Path(directory) / "archives").mkdir()
            for archive in write_archives(archives, {FIXED_SERVER: fixed_server, HAPROXY: haproxy}).values():
                cluster.load_image(archive)
            (user := Path(directory) / "user").mkdir()
            with stack_in(cluster, user, "affinity") as stack:
                yield stack
        finally:
            cluster.stop()


def with_slots(stack: StackInCluster, slots: int) -> Talk:
    model = a_model(maxBatchSize=slots, replicas=REPLICAS)
    settings = {"replicas": GATEWAYS, "requestsPerMinute": 1_000_000}
    stack.has({"small": model}, image=FIXED_SERVER, gateway=settings)
    stack.is_up()
    address = stack.url().removeprefix("http://")
    return Talk(address, stack.key(), "small", REPLICAS * slots, FIXED_SECONDS, 1.0)


def row(talk: Talk, visited: Visited) -> str:
    refused = sum(count for status, count in visited.statuses.items() if status != 200)
    shares = f"{visited.on_the_last():.1%} | {visited.on_the_first():.1%} | {visited.spread(REPLICAS):.2f}"
    asked = f"{talk.slots // REPLICAS} | {talk.load:.0%} | {visited.load(talk):.0%} | {talk.conversations}"
    return f"| {asked} | {shares} | {refused} |"


def report(rows: list[str]) -> str:
    table = "\n".join(rows)
    return f"""# Prefix affinity

Written by `benchmarks/affinity.py` on a real cluster: {GATEWAYS} gateways, {REPLICAS} replicas of a stub that answers
after {FIXED_SECONDS:g} s. Conversations of six turns share a system prompt of 2 KB; every fourth grows to
over 60 KB. Each turn is a connection of its own, so kube-proxy picks the gateway anew; times of thinking are drawn.

{described_machine()}; load average at the end {", ".join(f"{load:.0f}" for load in os.getloadavg())}.

{HEAD}
{table}

The load that came is requests times {FIXED_SECONDS:g} s over slots and time, start and end of the run included, so
it is lower than what was asked for. At 150 % it cannot come: clients wait, and think later.
"""


def main() -> None:
    rows = []
    with standing() as stack:
        for slots in SLOTS:
            talk = with_slots(stack, slots)
            for load in LOADS:
                asked = replace(talk, load=load)
                rows.append(row(asked, converse(asked)))
                sys.stderr.write(rows[-1] + "\n")
    REPORT.write_text(report(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
