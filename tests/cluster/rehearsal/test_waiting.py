from __future__ import annotations

import signal

import pulumi
import pytest
from drivers.control_plane import ControlPlane
from drivers.eventually import eventually
from drivers.kubernetes_project import KubernetesProject
from drivers.manifests import annotated, deployment, namespace, service
from pulumi.automation.errors import CommandError

AT_ONCE = pulumi.CustomTimeouts(create="1s", update="1s")


def test_a_deployment_is_done_when_its_pods_are_ready(project: KubernetesProject, plane: ControlPlane) -> None:
    project.declares("here", namespace("waiting"))
    project.declares("server", deployment("waiting", replicas=2), depends_on=["here"])
    project.declares("door", service("waiting"), depends_on=["server"])
    running = project.up_in_the_background()
    waiting = "Waiting for app ReplicaSet to be available (0/2 Pods available)"
    eventually(lambda: waiting in project.said(), "the engine shows what is waited for")
    assert not running.done()
    eventually(lambda: len(plane.pods("waiting")) == 2, "the controller makes the pods")
    plane.pods_become_ready("waiting")
    outputs = running.result()
    assert outputs["server"]["status"]["readyReplicas"] == 2
    assert "Service initialization complete" in project.said()
    project.destroy()


def test_a_deployment_that_is_not_ready_in_time_fails_with_the_reasons_and_the_next_up_waits_again(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("late"))
    project.declares("server", deployment("late"), depends_on=["here"], custom_timeouts=AT_ONCE)
    with pytest.raises(CommandError, match="'server' timed out waiting to be Ready") as error:
        project.up()
    assert "Minimum number of live Pods was not attained" in str(error.value)
    assert "failed to fully initialize or become live" in str(error.value)
    assert project.state("server")["initErrors"], "it is there and known to be unfinished"
    project.stack.refresh()
    plane.pods_become_ready("late")
    project.up()
    assert "initErrors" not in project.state("server")
    project.destroy()


def test_an_object_that_says_so_is_not_waited_for(project: KubernetesProject) -> None:
    project.declares("here", namespace("unwaited"))
    project.declares("server", annotated(deployment("unwaited"), skipAwait="true"), depends_on=["here"])
    project.up()
    assert project.resources() == ["here", "server"]
    project.destroy()


def test_who_interrupts_the_waiting_leaves_a_consistent_state(project: KubernetesProject, plane: ControlPlane) -> None:
    project.declares("here", namespace("interrupted"))
    project.declares("server", deployment("interrupted"), depends_on=["here"])
    running = project.up_in_the_background()
    eventually(lambda: any("Waiting for app" in each for each in project.said()))
    cli = project.cli()
    assert cli
    cli.send_signal(signal.SIGINT)
    with pytest.raises(CommandError, match="was cancelled"):
        running.result()
    assert not project.pending()
    assert project.state("server")["initErrors"]
    plane.pods_become_ready("interrupted")
    project.up()
    project.destroy()


def test_what_a_killed_pulumi_left_behind_is_taken_over_by_the_next_up(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("killed"))
    project.declares("server", deployment("killed"), depends_on=["here"])
    running = project.up_in_the_background()
    before = eventually(lambda: plane.object("killed", "deployments", "server"), "it is made")
    eventually(lambda: any("Waiting for app" in each for each in project.said()))
    cli = project.cli()
    assert cli
    cli.kill()
    with pytest.raises(CommandError):
        running.result()
    assert project.pending() == ["server"]
    project.repair()
    plane.pods_become_ready("killed")
    project.up()
    after = plane.object("killed", "deployments", "server") or {}
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    project.declares("server", deployment("killed", paused=True), depends_on=["here"])
    project.up()
    managers = {each["manager"] for each in after["metadata"]["managedFields"] if each["operation"] == "Apply"}
    assert managers == {"llmctl"}, "one owner: nothing is in conflict with the run that was killed"
    project.destroy()
