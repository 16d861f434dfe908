"""Process 1 of a node: `python -m drivers.cluster.inside.node DIRECTORY NUMBER`, the slot on its standard input."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from drivers.cluster.addresses import Addresses
from drivers.cluster.inside.init import end_with_stdin, run_until_one_ends, slot_from_stdin, start
from drivers.cluster.inside.ip import ip
from drivers.cluster.inside.mounts import mount_the_root_of_a_node
from drivers.cluster.layout import NODE_HOME, Layout
from drivers.cluster.programs import node as node_programs

PATIENCE_S = 60.0


def main(directory: Path, number: int) -> None:
    layout, name = Layout(directory), f"node{number}"
    settings = layout.settings()
    addresses = Addresses(slot_from_stdin())
    end_with_stdin()
    subprocess.run(["hostname", name], check=True)
    _connect(addresses, number, settings.nodes)
    mount_the_root_of_a_node(layout.node(name), Path(settings.packages))
    _write_configuration(addresses, number, name, f"/{settings.name}/{name}")
    os.environ["TMPDIR"] = str(NODE_HOME / "tmp")  # /tmp is the host's
    (NODE_HOME / "tmp").mkdir()
    binaries = Path(settings.binaries)
    containerd = node_programs.containerd()
    running = {start(containerd, layout.logs, name): containerd.name}
    _await(node_programs.CONTAINERD_SOCKET)  # without it the kubelet ends
    programs = [node_programs.kubelet(binaries, name, addresses, number), node_programs.kube_proxy(binaries)]
    run_until_one_ends(running | {start(program, layout.logs, name): program.name for program in programs})


def _connect(addresses: Addresses, number: int, nodes: int) -> None:
    ip("link set lo up")
    ip(f"address add {addresses.node(number)}/{addresses.machines.prefixlen} dev uplink")
    ip("link set uplink up")
    ip(f"route add default via {addresses.host}")
    for other in range(1, nodes + 1):
        if other != number:
            ip(f"route add {addresses.pods(other)} via {addresses.node(other)}")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _await(socket: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not socket.exists():
        assert time.monotonic() < deadline, f"{socket} is not there after {PATIENCE_S:g} s"
        time.sleep(0.01)


def _write_configuration(addresses: Addresses, number: int, name: str, control_group: str) -> None:
    node_programs.CNI_DIRECTORY.mkdir()
    files = {
        "containerd.toml": node_programs.containerd_configuration(),
        "cni/pods.conflist": node_programs.pod_network(addresses, number),
        "kubelet.json": node_programs.kubelet_configuration(addresses, control_group),
        "kube-proxy.json": node_programs.kube_proxy_configuration(name, addresses),
    }
    for file, content in files.items():
        (NODE_HOME / file).write_text(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
