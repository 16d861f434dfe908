from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from drivers.eventually import eventually
from drivers.local_server import LocalServer, never_cancelled

from llmctl.infra.errors import DeploymentFailed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LocalServer]:
    server = LocalServer(tmp_path)
    yield server
    server.process.stop(grace=0)


def kill(pid: int | None) -> None:
    assert pid
    os.kill(pid, signal.SIGKILL)


def servers_of(server: LocalServer) -> list[int]:
    marker = str(server.process.directory.api_key_file)
    return [p.pid for p in psutil.process_iter(["cmdline"]) if marker in (p.info["cmdline"] or ())]


def test_a_server_runs_detached_from_whoever_started_it(server: LocalServer) -> None:
    with Path(__file__).open() as open_file:
        os.set_inheritable(open_file.fileno(), True)
        server.runs()
        status = server.process.status()
        assert status.state == "running"
        assert status.supervisor_pid
        assert status.pid
        supervisor = psutil.Process(status.supervisor_pid)
        assert psutil.Process() not in supervisor.parents()
        assert os.getsid(supervisor.pid) != os.getsid(0)
        assert supervisor.terminal() is None
        assert {f.path for p in (supervisor, psutil.Process(status.pid)) for f in p.open_files()} == {
            str(server.process.log_file),
            str(server.process.directory.supervisor_lock),
        }


def test_the_server_itself_holds_no_lock(server: LocalServer) -> None:
    server.runs()
    status = server.process.status()
    kill(status.supervisor_pid)
    eventually(lambda: server.process.status().state == "unsupervised")
    assert status.pid
    assert psutil.pid_exists(status.pid)


def test_a_killed_server_is_started_again_at_once(server: LocalServer) -> None:
    server.runs()
    before = server.process.status()
    kill(before.pid)
    after = eventually(lambda: (s := server.process.status()).state == "running" and s.pid != before.pid and s)
    assert after
    assert after.restarts == 1
    assert after.last_exit == "ended by SIGKILL"
    assert after.supervisor_pid == before.supervisor_pid
    assert httpx.get(f"http://127.0.0.1:{server.port}/health").status_code == 200


def test_a_server_that_never_becomes_healthy_is_given_up_with_its_reason(server: LocalServer) -> None:
    server.start(server.spec("fails to load: bad tensors"))
    eventually(lambda: server.process.status().state == "crash-looping")
    status = eventually(lambda: not (s := server.process.status()).alive and s, within=30)
    assert status
    assert status.last_exit == "exited with code 1: bad tensors"
    assert "given up after 5 starts" in server.process.log_file.read_text()


def test_whoever_waits_for_a_server_that_cannot_load_hears_its_reason_at_the_first_crash(server: LocalServer) -> None:
    spec = server.spec("fails to load: bad tensors")
    server.start(spec)
    with pytest.raises(DeploymentFailed, match="exited with code 1: bad tensors"):
        server.process.wait_until_ready(spec, never_cancelled)


def test_a_server_that_hangs_while_it_loads_counts_as_crashed(server: LocalServer) -> None:
    server.start(server.spec("loads for 600", start_timeout=0.5))
    eventually(lambda: server.process.status().restarts >= 1)
    assert server.process.status().last_exit == "was not healthy after 0.5 s"


def test_a_second_start_of_the_same_spec_keeps_the_process(server: LocalServer) -> None:
    server.runs()
    pid = server.process.status().pid
    assert not server.start(server.spec())
    assert server.process.status().pid == pid


def test_a_start_of_another_spec_replaces_the_process(server: LocalServer) -> None:
    server.runs()
    pid = server.process.status().pid
    server.runs("loads for 0")
    assert servers_of(server) != [pid]
    assert len(servers_of(server)) == 1


def test_two_starts_at_once_make_one_server(server: LocalServer) -> None:
    spec = server.spec()
    with ThreadPoolExecutor(4) as pool:
        started = list(pool.map(lambda _: server.start(spec), range(4)))
    assert sorted(started) == [False, False, False, True]
    server.process.wait_until_ready(spec, never_cancelled)
    assert servers_of(server) == [server.process.status().pid]


def test_a_second_supervisor_of_one_directory_does_nothing(server: LocalServer) -> None:
    server.runs()
    command = [sys.executable, "-m", "llmctl.infra.local.supervisor", str(server.process.directory.path)]
    subprocess.run(command, check=True)
    eventually(lambda: "is locked by another process" in server.process.log_file.read_text())
    assert servers_of(server) == [server.process.status().pid]


def test_an_orphan_is_replaced_by_the_next_start(server: LocalServer) -> None:
    server.runs()
    orphan = server.process.status()
    kill(orphan.supervisor_pid)
    eventually(lambda: server.process.status().state == "unsupervised")
    assert server.start(server.spec())
    eventually(lambda: server.process.status().state == "running")
    assert servers_of(server) == [server.process.status().pid]
    assert server.process.status().pid != orphan.pid


def test_stopping_lets_the_server_drain(server: LocalServer) -> None:
    server.runs()
    server.process.stop()
    assert server.process.status().state == "stopped"
    assert servers_of(server) == []
    assert "draining" in server.process.log_file.read_text()


def test_a_server_that_ignores_the_signal_is_killed_after_its_grace_period(server: LocalServer) -> None:
    server.runs("ignores SIGTERM", grace=0.2)
    server.process.stop()
    assert servers_of(server) == []
    assert "did not stop within its grace period" in server.process.log_file.read_text()


def test_a_changed_grace_period_holds_for_the_running_server(server: LocalServer) -> None:
    server.runs("ignores SIGTERM", grace=600)
    server.start(server.spec("ignores SIGTERM", grace=0.2))
    supervisor = server.process.status().supervisor_pid
    assert supervisor
    os.kill(supervisor, signal.SIGTERM)
    eventually(lambda: not servers_of(server))


def test_an_orphan_that_ignores_the_signal_is_killed_too(server: LocalServer) -> None:
    server.runs("ignores SIGTERM", grace=0.2)
    kill(server.process.status().supervisor_pid)
    eventually(lambda: server.process.status().state == "unsupervised")
    server.process.stop()
    assert servers_of(server) == []


def test_a_signal_to_the_supervisor_alone_stops_the_server_as_well(server: LocalServer) -> None:
    server.runs()
    supervisor = server.process.status().supervisor_pid
    assert supervisor
    os.kill(supervisor, signal.SIGTERM)
    eventually(lambda: server.process.status().state == "stopped")
    assert not servers_of(server)


def test_a_stranger_on_the_port_is_not_taken_for_the_server(server: LocalServer, tmp_path: Path) -> None:
    stranger = LocalServer(tmp_path / "stranger")
    (tmp_path / "stranger").mkdir()
    stranger.port = server.port
    stranger.runs()
    try:
        spec = server.spec("loads for 1")
        server.start(spec)
        with pytest.raises(DeploymentFailed, match="Address already in use"):
            server.process.wait_until_ready(spec, never_cancelled)
    finally:
        stranger.process.stop(grace=0)


def test_a_reused_pid_is_not_taken_for_the_server(server: LocalServer) -> None:
    server.runs()
    status, state = server.process.status(), server.process.directory.state()
    assert state is not None
    kill(status.supervisor_pid)
    kill(status.pid)
    file = server.process.directory.state_file
    file.write_text(file.read_text().replace(str(status.pid), str(os.getpid())))
    eventually(lambda: server.process.status().state == "stopped")
    server.process.stop(grace=0)  # would kill this very test


def test_the_door_opens_without_pulumi_and_pydantic() -> None:
    loaded = "import sys, llmctl.infra.local.server_process; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout.split()
    assert not {"pulumi", "pydantic", "httpx", "grpc"}.intersection(modules)
