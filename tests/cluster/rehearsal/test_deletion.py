from __future__ import annotations

import pulumi
import pytest
from drivers.control_plane import ControlPlane
from drivers.eventually import eventually
from drivers.kubernetes_project import KubernetesProject
from drivers.manifests import config_map, namespace
from pulumi.automation.errors import CommandError

GUARD = "llmctl.example/guard"


def guarded(place: str) -> dict[str, object]:
    manifest = config_map(place, "guarded")
    manifest["metadata"]["finalizers"] = [GUARD]
    return manifest


def test_a_finalizer_is_waited_for_and_what_others_depend_on_goes_after_it(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("guarded"))
    project.declares("first", config_map("guarded", "first"), depends_on=["here"])
    project.declares("guarded", guarded("guarded"), depends_on=["first"])
    project.up()
    running = project.destroy_in_the_background()
    held = "/api/v1/namespaces/guarded/configmaps/guarded"
    eventually(lambda: (plane.get(held) or {})["metadata"].get("deletionTimestamp"), "it is being deleted")
    assert (plane.object("guarded", "configmaps", "first") or {})["metadata"].get("deletionTimestamp") is None
    plane.patch(held, metadata={"finalizers": None})
    running.result()
    assert plane.get("/api/v1/namespaces/guarded") is None


def test_a_finalizer_that_nobody_takes_away_is_named_and_the_object_stays_in_the_state(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("held"))
    brief = pulumi.CustomTimeouts(delete="1s")
    project.declares("guarded", guarded("held"), depends_on=["here"], custom_timeouts=brief)
    project.up()
    with pytest.raises(CommandError, match="timed out waiting for the condition") as error:
        project.destroy()
    assert f"finalizers might be preventing deletion ({GUARD})" in str(error.value)
    assert project.resources() == ["here", "guarded"]
    plane.patch("/api/v1/namespaces/held/configmaps/guarded", metadata={"finalizers": None})
    project.destroy()
    assert project.resources() == []
