"""Process 1 of the cluster: `python -m drivers.cluster.inside.cluster DIRECTORY`, the slot on its standard input.

Its network namespace is the cable between the machines: a bridge with the uplink to the host and one port per node. The
control plane has an address on it.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from drivers.cluster.addresses import Addresses
from drivers.cluster.api import ApiServer
from drivers.cluster.credentials import Authority, write_kubeconfig
from drivers.cluster.inside.init import end_with_stdin, run_until_one_ends, slot_from_stdin, start
from drivers.cluster.inside.ip import ip
from drivers.cluster.layout import Layout, Settings
from drivers.cluster.namespaces import Machine, start_machine
from drivers.cluster.objects import cluster_objects
from drivers.cluster.programs.control_plane import API_PORT, api_server, controller_manager, coredns, corefile, etcd
from drivers.cluster.programs.control_plane import scheduler as kube_scheduler

PATIENCE_S = 120.0


def main(directory: Path) -> None:
    layout = Layout(directory)
    settings, addresses = layout.settings(), Addresses(slot_from_stdin())
    end_with_stdin()
    subprocess.run(["hostname", settings.name], check=True)
    _connect_the_machines(settings, addresses)
    issuer = Issuer(layout, settings, addresses)
    programs = _start_the_control_plane(layout, settings, addresses, issuer)
    nodes = [_start_node(layout, settings, addresses, issuer, number) for number in range(1, settings.nodes + 1)]
    names = {machine.unshare.pid: f"node{number}" for number, machine in enumerate(nodes, 1)}
    run_until_one_ends(programs | names)


class Issuer:
    """Kubeconfigs for everyone in this cluster."""

    def __init__(self, layout: Layout, settings: Settings, addresses: Addresses) -> None:
        self.authority = Authority(layout.credentials)
        self.authority.create()
        self.server = f"https://{addresses.control_plane}:{API_PORT}"
        self.name, self.directory = settings.name, layout.credentials

    def kubeconfig(self, user: str, group: str = "", file: Path | None = None) -> Path:
        written = file or self.directory / f"{user.removeprefix('system:')}.kubeconfig"
        issued = self.authority.issue(user.replace(":", "-"), user, group)
        write_kubeconfig(written, self.name, self.server, self.authority, issued)
        return written


def _connect_the_machines(settings: Settings, addresses: Addresses) -> None:
    ip("link set lo up")
    ip("link add machines type bridge")
    ip("link set uplink master machines up")
    ip(f"address add {addresses.control_plane}/{addresses.machines.prefixlen} dev machines")
    ip("link set machines up")
    ip(f"route add default via {addresses.host}")
    ip(f"route add {addresses.services} via {addresses.node(1)}")
    for number in range(1, settings.nodes + 1):
        ip(f"route add {addresses.pods(number)} via {addresses.node(number)}")


def _start_the_control_plane(
    layout: Layout, settings: Settings, addresses: Addresses, issuer: Issuer
) -> dict[int, str]:
    binaries, authority = Path(settings.binaries), issuer.authority
    names = [f"IP:{addresses.control_plane}", f"IP:{addresses.api_service}", "DNS:kubernetes.default.svc"]
    own = authority.issue("kube-apiserver", "kube-apiserver", "system:masters", names)
    programs = [etcd(binaries, layout.etcd), api_server(binaries, addresses, authority, own)]
    running = {start(program, layout.logs, "control-plane"): program.name for program in programs}

    admin = issuer.kubeconfig("admin", "system:masters", layout.kubeconfig)
    controllers = issuer.kubeconfig("system:kube-controller-manager")
    schedulers, dns = issuer.kubeconfig("system:kube-scheduler"), issuer.kubeconfig("system:coredns")
    configuration = layout.directory / "Corefile"
    configuration.write_text(corefile(dns, str(addresses.control_plane)))
    _eventually(ApiServer(issuer.server, authority).ready, "the API server is ready")
    _eventually(lambda: _applied(binaries, admin, cluster_objects(addresses)), "the first objects are applied")
    more = [
        controller_manager(binaries, controllers, authority),
        kube_scheduler(binaries, schedulers),
        coredns(binaries, configuration),
    ]
    return running | {start(program, layout.logs, "control-plane"): program.name for program in more}


def _eventually(done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline, f"{what}: not yet after {PATIENCE_S:g} s"
        time.sleep(0.02)


def _applied(binaries: Path, kubeconfig: Path, objects: str) -> bool:
    """Whether kubectl has applied them; a machine that is busy starting can let a connection time out."""
    command = [
        binaries / "kubectl",
        f"--kubeconfig={kubeconfig}",
        "apply",
        "--server-side",
        "--validate=false",
        "-f",
        "-",
    ]
    return subprocess.run(command, input=objects, text=True, check=False).returncode == 0


def _start_node(layout: Layout, settings: Settings, addresses: Addresses, issuer: Issuer, number: int) -> Machine:
    name = f"node{number}"
    home = layout.node(name)
    home.mkdir(parents=True)
    issuer.kubeconfig(f"system:node:{name}", "system:nodes", home / "kubelet.kubeconfig")
    issuer.kubeconfig("system:kube-proxy", "", home / "kube-proxy.kubeconfig")
    serving = issuer.authority.issue(f"{name}-serving", name, "", [f"IP:{addresses.node(number)}", f"DNS:{name}"])
    serving.certificate.rename(home / "kubelet.crt")
    serving.key.rename(home / "kubelet.key")
    (home / "ca.crt").write_bytes(issuer.authority.certificate.read_bytes())

    arguments = [str(layout.directory), str(number)]
    machine = start_machine("drivers.cluster.inside.node", arguments, layout.logs / f"{name}.log")
    ip(f"link add {name} type veth peer name uplink netns {machine.init}")
    ip(f"link set {name} master machines up")
    machine.stdin.write(f"{addresses.slot}\n".encode())
    machine.stdin.flush()
    return machine


if __name__ == "__main__":
    main(Path(sys.argv[1]))
