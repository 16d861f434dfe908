"""A cluster ends completely, and this machine is afterwards what it was before."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from drivers.cluster import cgroups, host
from drivers.cluster.cluster import Cluster, name_beside
from drivers.cluster.images import pack_program
from drivers.cluster.namespaces import environ
from drivers.cluster.workloads import deployment, service
from drivers.eventually import eventually

RUNNER = """
import sys, time
from pathlib import Path
from drivers.cluster.cluster import Cluster
Cluster.start(Path(sys.argv[1]), name=sys.argv[2], nodes=1)
print("started", flush=True)
time.sleep(3600)
"""


def has_worked(cluster: Cluster, directory: Path) -> None:
    """The cluster has had a pod, a Service, a volume, and rules for them."""
    archive = pack_program(cluster.program("answerer"), "llmctl.test/answerer:1", directory / "answerer.tar")
    cluster.load_image(archive)
    archive.unlink()
    cluster.apply(deployment("default", "server", "llmctl.test/answerer:1", replicas=1), service("default", "server"))
    cluster.kubectl("rollout", "status", "deployment/server", "--timeout=120s")


def test_a_stopped_cluster_leaves_this_machine_as_it_was(tmp_path: Path) -> None:
    directory, name = tmp_path / "cluster", name_beside("tidy")
    directory.mkdir()
    before = host.state()
    cluster = Cluster.start(directory, name=name, nodes=2)
    try:
        link = cluster.addresses.link
        has_worked(cluster, tmp_path)
        namespaces = host.pid_namespaces_below(cluster.guard.pid)
        assert len(namespaces) >= 4, "a namespace for the cluster, each node and the pod"
        assert set(host.changes(before, host.state(), name, link)) >= {"control groups", "links", "routes"}, (
            "the comparison sees it"
        )
    finally:
        cluster.stop()
    assert host.processes_in(namespaces) == set()
    changed = host.changes(before, host.state(), name, link)
    assert not changed, "\n".join(f"{kind} {line}" for kind, lines in changed.items() for line in lines)
    assert [path.name for path in directory.iterdir()] == ["logs"]


@contextmanager
def cluster_of_another_process(directory: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", RUNNER, str(directory), name]
    with subprocess.Popen(command, env=environ(), stdout=subprocess.PIPE, text=True) as runner:
        assert runner.stdout
        assert runner.stdout.readline() == "started\n"
        yield runner
        runner.kill()


def test_a_cluster_ends_when_the_test_runner_is_killed(tmp_path: Path) -> None:
    name = name_beside("orphan")
    with cluster_of_another_process(tmp_path / "cluster", name) as runner:
        namespaces = host.pid_namespaces_below(runner.pid)
        assert namespaces, "it runs"
        runner.send_signal(signal.SIGKILL)
        eventually(lambda: not host.processes_in(namespaces), "its processes have ended")
        eventually(lambda: not cgroups.exists(name), "its control groups are removed")
        eventually(
            lambda: [path.name for path in (tmp_path / "cluster").iterdir()] == ["logs"], "its files are removed"
        )


@pytest.mark.parametrize("victim", ["unshare", "etcd", "kubelet"])
def test_ending_one_process_ends_all(tmp_path: Path, victim: str) -> None:
    name = name_beside(victim)
    cluster = Cluster.start(tmp_path, name=name, nodes=1)
    namespaces = host.pid_namespaces_below(cluster.guard.pid)
    family = psutil.Process(cluster.guard.pid).children(recursive=True)
    next(process for process in family if process.name() == victim).kill()
    assert cluster.guard.wait() == 0
    eventually(lambda: not host.processes_in(namespaces), "all processes have ended")
    assert not cgroups.exists(name)
    cluster.stop()


def test_a_killed_guard_leaves_no_process(tmp_path: Path) -> None:
    cluster = Cluster.start(tmp_path, name=name_beside("unguarded"), nodes=1)
    namespaces = host.pid_namespaces_below(cluster.guard.pid)
    try:
        cluster.guard.kill()
        eventually(lambda: not host.processes_in(namespaces), "all processes have ended")
    finally:
        cluster.guard.communicate()
        cgroups.remove(cluster.name)  # what only the guard would have removed
