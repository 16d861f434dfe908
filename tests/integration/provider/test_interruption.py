from __future__ import annotations

import signal
from concurrent.futures import Future
from typing import Any

import pytest
from drivers.eventually import eventually
from drivers.pulumi_project import PulumiProject
from pulumi.automation.errors import CommandError


def failure_of(up: Future[Any]) -> str:
    with pytest.raises(CommandError) as caught:
        up.result(timeout=30)
    return str(caught.value)


def test_a_server_left_by_a_killed_pulumi_cli_is_adopted_and_no_plugin_stays(project: PulumiProject) -> None:
    project.has_model("slow.gguf", "loads for 4")
    project.declares(model="slow.gguf")
    up = project.up_in_the_background()
    left = eventually(lambda: project.server.status().pid)
    cli = project.cli()
    assert cli
    assert project.plugins()

    cli.kill()
    failure_of(up)
    eventually(lambda: not project.plugins(), within=10)
    assert project.server.status().pid == left, "the server outlives the CLI"

    project.repair()
    project.up()
    assert project.server.status().pid == left
    assert project.server.status().state == "running"


def test_a_cancelled_create_leaves_no_process_and_nothing_pending(project: PulumiProject) -> None:
    project.has_model("slow.gguf", "loads for 60")
    project.declares(model="slow.gguf")
    up = project.up_in_the_background()
    eventually(lambda: project.server.status().pid)
    cli = project.cli()
    assert cli

    cli.send_signal(signal.SIGINT)
    assert "cancelled before the model server was ready" in failure_of(up)
    assert project.server.status().state == "stopped"
    deployment = project.stack.export_stack().deployment
    assert deployment is not None
    assert not deployment.get("pending_operations")
    eventually(lambda: not project.plugins(), within=10)


def test_a_cancelled_download_ends_at_once(project: PulumiProject) -> None:
    project.world.publishes("hub/large", "c" * 40)
    project.world.downloads_for(60)
    project.declares(model="hub/large")
    up = project.up_in_the_background()
    eventually(lambda: any("done=" in phase for phase in project.phases()))
    cli = project.cli()
    assert cli

    cli.send_signal(signal.SIGINT)
    assert "cancelled before the model server was ready" in failure_of(up)


def test_a_plugin_whose_engine_dies_before_it_is_up_ends_too(project: PulumiProject) -> None:
    up = project.up_in_the_background()
    eventually(project.plugins)
    cli = eventually(project.cli)

    cli.kill()
    failure_of(up)
    eventually(lambda: not project.plugins(), within=10)


def test_a_plugin_whose_engine_dies_during_a_download_ends_too(project: PulumiProject) -> None:
    project.world.publishes("hub/large", "c" * 40)
    project.world.downloads_for(60)
    project.declares(model="hub/large")
    up = project.up_in_the_background()
    eventually(lambda: any("done=" in phase for phase in project.phases()))
    cli = project.cli()
    assert cli

    cli.kill()
    failure_of(up)
    eventually(lambda: not project.plugins(), within=10)
