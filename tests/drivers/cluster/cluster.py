"""The words in which tests speak of a cluster."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.cluster import cgroups
from drivers.cluster.addresses import Addresses
from drivers.cluster.api import ApiServer
from drivers.cluster.binaries import binaries
from drivers.cluster.credentials import Authority
from drivers.cluster.images import pack_program
from drivers.cluster.layout import Layout, Settings
from drivers.cluster.namespaces import environ
from drivers.cluster.packages import unpacked_packages
from drivers.cluster.preconditions import missing
from drivers.cluster.programs.control_plane import API_PORT
from drivers.cluster.programs.node import CONTAINERD_SOCKET, PAUSE_IMAGE
from drivers.eventually import eventually


@dataclass(frozen=True)
class Cluster:
    layout: Layout
    guard: subprocess.Popen[bytes]

    @classmethod
    def start(cls, directory: Path, *, name: str = "", nodes: int = 2, until_we_end: bool = True) -> Cluster:
        """A cluster whose nodes are ready, with its files in `directory`, which must be new or empty.

        It ends with this process, however that ends, unless `until_we_end` is false. Several can run at once, the
        second one of a process under a name of its own: `name_beside`.
        Raises AssertionError with what the machine lacks, or with the last words of what failed.
        """
        assert not (lacking := missing()), "\n".join(["no cluster can be made on this machine:", *lacking])
        name = name or f"{cgroups.PREFIX}{os.getpid()}"
        assert name.startswith(cgroups.PREFIX), f"others would not know {name} for a cluster"
        layout = Layout(directory.absolute())
        layout.logs.mkdir(parents=True)
        programs, packages = binaries(), unpacked_packages()
        layout.write(Settings(name, nodes, str(programs), str(packages)))
        cluster = cls(layout, _start_guard(layout, until_we_end))
        try:
            cluster._await_nodes(nodes)
        except BaseException:
            cluster.stop()
            raise
        return cluster

    @property
    def name(self) -> str:
        return self.layout.settings().name

    @property
    def context(self) -> str:
        """Name of the kubeconfig's only context."""
        return self.name

    @property
    def kubeconfig(self) -> Path:
        """An administrator's. The server's address in it can be reached from this machine."""
        return self.layout.kubeconfig

    @property
    def addresses(self) -> Addresses:
        return Addresses(int(self.layout.slot_file.read_text()))

    @property
    def nodes(self) -> list[str]:
        return [f"node{number}" for number in range(1, self.layout.settings().nodes + 1)]

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """What kubectl printed. Raises AssertionError with its message if it fails."""
        done = self.try_kubectl(*words, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr.strip()}"
        return done.stdout

    def try_kubectl(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(self.program("kubectl")), f"--kubeconfig={self.kubeconfig}", *words]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environ())

    def apply(self, *objects: dict[str, Any]) -> None:
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def get(self, *words: str) -> Any:
        """`kubectl get WORDS`, parsed."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def delete_namespace(self, name: str) -> None:
        """Delete it and wait until it is gone, its pods first.

        Where the namespace controller finds pods it looks again after half of their grace period, however soon they end
        (kubernetes, pkg/controller/namespace/namespace_controller.go).
        """
        self.kubectl("delete", "deployments", "--all", "-n", name, "--cascade=foreground")
        self.kubectl("delete", "namespace", name)

    def program(self, name: str) -> Path:
        """One of the programs that the cluster was built from."""
        return Path(self.layout.settings().binaries) / name

    def load_image(self, archive: Path) -> None:
        """Give all nodes an image from an archive as of `docker save`; pods use it with imagePullPolicy Never."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda node: self._ctr(node, "images", "import", str(archive)), self.nodes))

    def pretend_gpus(self, node: str, count: int) -> None:
        """For the scheduler, the node has so many `nvidia.com/gpu`; 0 takes them away."""
        gpus = {"nvidia.com/gpu": str(count)}
        status = {"status": {"capacity": gpus, "allocatable": gpus}}
        self.kubectl("patch", "node", node, "--subresource=status", "--type=merge", "-p", json.dumps(status))

    def drain(self, node: str) -> None:
        """Evict its pods, as for maintenance, and wait until they are gone."""
        self.kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--force")

    def uncordon(self, node: str) -> None:
        self.kubectl("uncordon", node)

    def signal(self, namespace: str, pod: str, number: int, *, container: str = "") -> None:
        """Send a signal to all processes of a container of the pod, by default its first."""
        for process in self.processes(namespace, pod, container=container):
            os.kill(process, number)

    def kill_server(self, namespace: str, pod: str) -> None:
        """SIGKILL to the pod's first container: no warning, no goodbye."""
        self.signal(namespace, pod, signal.SIGKILL)

    def processes(self, namespace: str, pod: str, *, container: str = "") -> list[int]:
        """Processes of a running container, by their number on this machine."""
        statuses = self.get("pod", pod, "-n", namespace)["status"]["containerStatuses"]
        [status] = [status for status in statuses if container in ("", status["name"])][:1]
        group = status["containerID"].rpartition("/")[2]
        assert group, f"{pod} has no running container {container or status['name']}"
        return [process for process in _processes() if group in _text(process, "cgroup")]

    def service_url(self, namespace: str, service: str, port: int) -> str:
        """The Service at its cluster address, which this machine has a route to; kube-proxy picks the pod."""
        return f"http://{self.get('service', service, '-n', namespace)['spec']['clusterIP']}:{port}"

    @contextmanager
    def port_forward(self, namespace: str, target: str, port: int) -> Iterator[str]:
        """The URL under which `kubectl port-forward` brings this port of `pod/NAME` or `service/NAME` here."""
        command = [str(self.program("kubectl")), f"--kubeconfig={self.kubeconfig}", "port-forward", "-n", namespace]
        with subprocess.Popen(
            [*command, target, f":{port}"], stdout=subprocess.PIPE, text=True, env=environ()
        ) as forward:
            try:
                assert forward.stdout
                said = re.match(r"Forwarding from (127\.0\.0\.1:\d+) ->", forward.stdout.readline())
                assert said, f"kubectl port-forward {target} ended"
                yield f"http://{said[1]}"
            finally:
                forward.terminate()

    def stop(self) -> None:
        """End all of it. What it had on this machine is gone on return, but its logs."""
        self.guard.terminate()
        ended = self.guard.wait()
        if self.guard.stdin:
            self.guard.stdin.close()
        assert ended == 0, f"the cluster did not end well: {last_words(self.layout)}"

    def _await_nodes(self, count: int) -> None:
        eventually(lambda: self._nodes_ready() == count, f"{count} nodes are ready")
        pause = pack_program(self.program("pause"), PAUSE_IMAGE, self.layout.directory / "pause.tar")
        self.load_image(pause)

    def _nodes_ready(self) -> int:
        assert self.guard.poll() is None, f"the cluster ended: {last_words(self.layout)}"
        if not self.layout.kubeconfig.exists():
            return 0
        server = f"https://{self.addresses.control_plane}:{API_PORT}"
        nodes = ApiServer(server, Authority(self.layout.credentials)).get("/api/v1/nodes")
        return sum(
            condition["type"] == "Ready" and condition["status"] == "True"
            for item in (nodes or {"items": []})["items"]
            for condition in item["status"]["conditions"]
        )

    def _ctr(self, node: str, *words: str) -> None:
        """containerd's own client, run on this machine against the socket that only the node sees."""
        packages = Path(self.layout.settings().packages)
        socket = Path(f"/proc/{self.init_of(node)}/root{CONTAINERD_SOCKET}")
        command = [str(packages / "usr/bin/ctr"), f"--address={socket}", "--namespace=k8s.io", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"ctr {' '.join(words)} on {node}: {done.stderr.strip()}"

    def init_of(self, node: str) -> int:
        """Process 1 of the node, by its number on this machine: `nsenter -t NUMBER -a` enters."""
        command = ["-m", "drivers.cluster.inside.node", str(self.layout.directory), node.removeprefix("node")]
        [init] = [
            process for process in _processes() if _text(process, "cmdline").rstrip("\0").split("\0")[1:] == command
        ]
        return init


def name_beside(word: str) -> str:
    """Of a further cluster of this process; no other process's has it."""
    return f"{cgroups.PREFIX}{os.getpid()}-{word}"


def _start_guard(layout: Layout, until_we_end: bool) -> subprocess.Popen[bytes]:
    """In a session of its own, so that neither ctrl-c nor a closed terminal ends it before it has cleared away."""
    command = [sys.executable, "-m", "drivers.cluster.guard", str(layout.directory)]
    stdin = subprocess.PIPE if until_we_end else subprocess.DEVNULL
    with (layout.logs / "guard.log").open("wb") as out:
        return subprocess.Popen(
            [*command, "--until-stdin-ends"] if until_we_end else command,
            stdin=stdin,
            stdout=out,
            stderr=out,
            env=environ(),
            start_new_session=True,
        )


def last_words(layout: Layout) -> str:
    """The end of what the machines themselves said, which name the program that ended; its own log stands beside."""
    files = [layout.logs / "guard.log", layout.logs / "control-plane.log", *sorted(layout.logs.glob("node?.log"))]
    said = " ".join(file.read_text(errors="replace")[-500:].strip() for file in files if file.exists())
    return f"{said or 'it said nothing'} (logs: {layout.logs})"


def _processes() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())


def _text(process: int, file: str) -> str:
    try:
        return Path(f"/proc/{process}/{file}").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return ""
