from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from llmctl.infra.deployment.lock import stack_lock
from llmctl.infra.deployment.recovery import PulumiLock, pulumi_locks, refuse_unless_stale
from llmctl.infra.errors import StackLocked
from llmctl.infra.process_id import ProcessId

LOCK = '{{"pid": {pid}, "username": "ada", "hostname": "{host}", "timestamp": "2026-11-23T10:00:00Z"}}'


def locked_by(state: Path, *, pid: int, host: str) -> list[PulumiLock]:
    directory = state / ".pulumi" / "locks" / "organization" / "llmctl" / "local"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{pid}.json").write_text(LOCK.format(pid=pid, host=host))
    return pulumi_locks(state, "llmctl", "local")


def says(home: Path, pid: int, started: float, command: str) -> None:
    who = {"command": command, "pid": pid, "started": started, "user": "ada", "host": "here", "since": "today"}
    (home / "lock-holder.json").write_text(json.dumps(who))


def taken(home: Path) -> None:
    with stack_lock(home, "dev", "llmctl status dev"):
        pass


def test_the_second_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        stack_lock(tmp_path, "local", "llmctl up local"),
        pytest.raises(StackLocked, match=rf"`llmctl up local` by .*, process {os.getpid()}, since "),
        stack_lock(tmp_path, "local", "llmctl down local"),
    ):
        pass


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with stack_lock(tmp_path, "local", "llmctl up local"):
            pass


def test_two_stacks_do_not_wait_for_one_another(tmp_path: Path) -> None:
    with stack_lock(tmp_path / "a", "a", "llmctl up a"), stack_lock(tmp_path / "b", "b", "llmctl up b"):
        pass


def test_a_holder_that_says_late_who_it_is_is_named_and_not_the_killed_one_before_it(tmp_path: Path) -> None:
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    says(tmp_path, killed.pid, 0.0, "llmctl down dev")
    with FileLock(tmp_path / "lock"), ThreadPoolExecutor() as threads:
        contender = threads.submit(taken, tmp_path)
        says(tmp_path, os.getpid(), ProcessId.own().started, "llmctl up dev")
        with pytest.raises(StackLocked, match=f"`llmctl up dev` by ada@here, process {os.getpid()}"):
            contender.result()


def test_a_failed_command_leaves_no_word_of_itself(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), stack_lock(tmp_path, "dev", "llmctl up dev"):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_lock_of_a_process_that_is_gone_is_stale(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    refuse_unless_stale(locked_by(tmp_path, pid=child, host=os.uname().nodename), "local")


def test_a_lock_of_a_process_that_is_no_pulumi_is_stale(tmp_path: Path) -> None:
    refuse_unless_stale(locked_by(tmp_path, pid=os.getpid(), host=os.uname().nodename), "local")


def test_a_lock_from_another_host_is_never_stale(tmp_path: Path) -> None:
    locks = locked_by(tmp_path, pid=1, host="elsewhere")
    with pytest.raises(StackLocked, match=r"held by ada@elsewhere, process 1, since .* --force-unlock"):
        refuse_unless_stale(locks, "local")


def test_a_lock_that_is_being_written_is_passed_over(tmp_path: Path) -> None:
    locked_by(tmp_path, pid=1, host="elsewhere")
    (tmp_path / ".pulumi/locks/organization/llmctl/local/half.json").write_text('{"pid": ')
    assert len(pulumi_locks(tmp_path, "llmctl", "local")) == 1
