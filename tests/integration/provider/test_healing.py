from __future__ import annotations

import os
import signal

import pytest
from drivers.eventually import eventually
from drivers.pulumi_project import PulumiProject
from pulumi.automation.errors import CommandError


def kill(pid: int | None) -> None:
    assert pid
    os.kill(pid, signal.SIGKILL)


def test_a_killed_supervisor_is_a_difference_that_up_heals(project: PulumiProject) -> None:
    key = project.up()["api_key"]
    orphan = project.server.status().pid
    kill(project.server.status().supervisor_pid)
    eventually(lambda: project.server.status().state == "unsupervised")

    assert project.preview() == {"same": 1, "update": 1}
    assert project.up()["api_key"] == key
    status = project.server.status()
    assert status.state == "running"
    assert status.pid != orphan


def test_refresh_tells_that_a_server_is_unsupervised_and_forgets_one_that_is_gone(project: PulumiProject) -> None:
    project.up()
    kill(project.server.status().supervisor_pid)
    eventually(lambda: project.server.status().state == "unsupervised")
    project.stack.refresh()
    assert project.state()["outputs"]["process"] == "unsupervised"

    kill(project.server.status().pid)
    eventually(lambda: project.server.status().state == "stopped")
    project.stack.refresh()
    assert project.preview() == {"same": 1, "create": 1}
    project.up()
    assert project.server.status().state == "running"


def test_up_without_refresh_starts_a_server_that_is_gone(project: PulumiProject) -> None:
    project.up()
    status = project.server.status()
    kill(status.supervisor_pid)
    kill(status.pid)
    project.up()
    assert project.server.status().state == "running"


def test_an_update_that_fails_puts_the_earlier_server_back(project: PulumiProject) -> None:
    project.up()
    project.has_model("broken.gguf", "fails to load: the tensors do not add up")
    project.declares(model="broken.gguf")
    with pytest.raises(CommandError, match="exited with code 1: the tensors do not add up"):
        project.up()
    eventually(lambda: project.server.status().state == "running")
    assert project.server.status().model == "small.gguf"
    project.declares(model="small.gguf")
    assert project.preview() == {"same": 2}
