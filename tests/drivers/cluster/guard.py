"""The process of the host that a cluster hangs on: `python -m drivers.cluster.guard DIRECTORY [--until-stdin-ends]`.

It makes what the cluster needs of the host (control groups, the uplink), starts it, and clears all of it away when it
is told to end, when the cluster ends by itself, or when whoever holds its standard input is gone, even by kill -9.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from drivers.cluster import cgroups
from drivers.cluster.addresses import BLOCKS, Addresses
from drivers.cluster.inside.ip import ip
from drivers.cluster.layout import Layout, Settings
from drivers.cluster.namespaces import Machine, start_machine

OWN_GROUP = "programs"


def main(directory: Path, *, until_stdin_ends: bool) -> None:
    layout = Layout(directory)
    settings = layout.settings()
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-c at the test runner: it ends us in its own time
    if until_stdin_ends:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    nodes = [f"node{number}" for number in range(1, settings.nodes + 1)]
    cgroups.create(settings.name, [OWN_GROUP, *nodes])
    try:
        run(layout, settings)
    finally:
        cgroups.remove(settings.name)
        layout.clear()


def run(layout: Layout, settings: Settings) -> None:
    machine = start_machine(
        "drivers.cluster.inside.cluster", [str(layout.directory)], layout.logs / "control-plane.log"
    )
    link = None
    try:
        cgroups.join(settings.name, OWN_GROUP, machine.init)
        addresses = _make_uplink(machine)
        link = addresses.link
        _add_routes(addresses, settings.nodes)
        layout.slot_file.write_text(str(addresses.slot))
        machine.stdin.write(f"{addresses.slot}\n".encode())
        machine.stdin.flush()
        machine.unshare.wait()
    finally:
        machine.end()
        if link:
            _remove(link)


def _make_uplink(machine: Machine) -> Addresses:
    """The first block of addresses whose link nobody has: making a link fails if there is one of that name."""
    for slot in range(len(BLOCKS)):
        if not Path(f"/sys/class/net/llmctl{slot}").exists():
            try:
                ip(f"link add llmctl{slot} type veth peer name uplink netns {machine.init}")
            except AssertionError as problem:
                if "File exists" not in str(problem):
                    raise
            else:
                return Addresses(slot)
    raise AssertionError(f"{len(BLOCKS)} clusters run on this machine already")


def _add_routes(addresses: Addresses, nodes: int) -> None:
    """They end with the link. Services are reached through the first node's kube-proxy."""
    link = addresses.link
    ip(f"address add {addresses.host}/{addresses.machines.prefixlen} dev {link}")
    ip(f"link set {link} up")
    ip(f"route add {addresses.services} via {addresses.node(1)}")
    for node in range(1, nodes + 1):
        ip(f"route add {addresses.pods(node)} via {addresses.node(node)}")


def _remove(link: str) -> None:
    """It goes with the network namespace, but a connection that was not closed can hold that for minutes."""
    try:
        ip(f"link delete {link}")
    except AssertionError:
        if Path("/sys/class/net", link).exists():
            raise


def _end(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # clearing away is not to be interrupted
    raise SystemExit(0)


def _end_with_stdin() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(Path(sys.argv[1]), until_stdin_ends="--until-stdin-ends" in sys.argv)
