"""The double of pulumi-kubernetes between the real Pulumi engine and a real API server."""

from __future__ import annotations

import base64

import pytest
from drivers.control_plane import ControlPlane
from drivers.kubernetes_project import KubernetesProject
from drivers.manifests import annotated, config_map, deployment, namespace, secret
from pulumi.automation.errors import CommandError


def test_what_is_declared_is_made_changed_and_taken_away(project: KubernetesProject, plane: ControlPlane) -> None:
    project.declares("here", namespace("life"))
    project.declares("settings", config_map("life", colour="red"), depends_on=["here"])
    assert project.operations() == {"here": "create", "settings": "create"}
    assert plane.get("/api/v1/namespaces/life") is None, "a preview makes nothing"
    project.up()
    assert project.state("settings")["id"] == "life/settings"
    assert project.operations() == {"here": "same", "settings": "same"}
    project.declares("settings", config_map("life", colour="blue"), depends_on=["here"])
    assert project.operations() == {"here": "same", "settings": "update"}
    project.up()
    assert (plane.object("life", "configmaps", "settings") or {})["data"] == {"colour": "blue"}
    project.destroy()
    assert plane.get("/api/v1/namespaces/life") is None, "destroy returns when the namespace is gone"


def test_what_the_api_server_fills_in_or_writes_in_another_way_is_no_change(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("defaults"))
    given = annotated(deployment("defaults", replicas=0), skipAwait="true")
    project.declares("server", given, depends_on=["here"])
    project.up()
    stored = (plane.object("defaults", "deployments", "server") or {})["spec"]["template"]["spec"]["containers"][0]
    assert stored["resources"]["requests"]["cpu"] == "500m", "given as 0.5"
    assert project.operations() == {"here": "same", "server": "same"}
    project.stack.refresh()
    assert project.operations() == {"here": "same", "server": "same"}
    project.destroy()


def test_a_refresh_sees_what_somebody_else_changed_and_the_next_up_is_refused_as_a_conflict_unless_forced(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("drift"))
    project.declares("settings", config_map("drift", colour="red"), depends_on=["here"])
    project.up()
    plane.patch("/api/v1/namespaces/drift/configmaps/settings", data={"colour": "green"})
    project.stack.refresh()
    assert project.state("settings")["outputs"]["data"] == {"colour": "green"}
    with pytest.raises(CommandError, match=r'conflict with "kubectl-edit" using v1: \.data\.colour'):
        project.up()
    forced = annotated(config_map("drift", colour="red"), patchForce="true")
    project.declares("settings", forced, depends_on=["here"])
    project.up()
    assert (plane.object("drift", "configmaps", "settings") or {})["data"] == {"colour": "red"}
    project.destroy()


def test_what_was_deleted_behind_its_back_is_made_again_after_a_refresh(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("gone"))
    project.declares("settings", config_map("gone", colour="red"), depends_on=["here"])
    project.up()
    plane.delete("/api/v1/namespaces/gone/configmaps/settings")
    project.stack.refresh()
    assert project.resources() == ["here"]
    project.up()
    assert plane.object("gone", "configmaps", "settings")
    plane.delete("/api/v1/namespaces/gone/configmaps/settings")
    project.destroy()
    assert project.resources() == [], "one that is gone already needs no deleting"


def test_a_secret_is_nowhere_in_clear_and_ignored_changes_are_left_to_who_made_them(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("hidden"))
    project.declares("keys", secret("hidden", first="open sesame"), depends_on=["here"], ignore_changes=["data"])
    project.up()
    clear, encoded = "open sesame", base64.b64encode(b"open sesame").decode()
    state = project.state_file()
    assert clear not in state
    assert encoded not in state
    path = "/api/v1/namespaces/hidden/secrets/keys"
    plane.patch(path, data={"second": encoded})
    changed = secret("hidden", first="another")
    changed["metadata"]["labels"] = {"changed": "yes"}
    project.declares("keys", changed, depends_on=["here"], ignore_changes=["data"])
    project.up()
    found = plane.get(path) or {}
    assert found["metadata"]["labels"] == {"changed": "yes"}
    assert found["data"] == {"first": encoded, "second": encoded}
    project.destroy()


def test_an_object_that_is_there_already_is_taken_over(project: KubernetesProject, plane: ControlPlane) -> None:
    plane.post("/api/v1/namespaces", namespace("adopted", labels={"theirs": "yes"}))
    project.declares("here", namespace("adopted", labels={"ours": "yes"}))
    assert project.operations() == {"here": "create"}
    project.up()
    labels = (plane.get("/api/v1/namespaces/adopted") or {})["metadata"]["labels"]
    assert labels["ours"] == labels["theirs"] == "yes"
    project.destroy()


def test_an_object_can_be_imported_by_its_id(project: KubernetesProject, plane: ControlPlane) -> None:
    plane.post("/api/v1/namespaces", namespace("imported"))
    plane.post("/api/v1/namespaces/imported/configmaps", config_map("imported", colour="red"))
    given = config_map("imported", colour="red")
    given["metadata"]["annotations"] = {"pulumi.com/patchFieldManager": "llmctl"}
    plane.patch("/api/v1/namespaces/imported/configmaps/settings", metadata=given["metadata"])
    project.declares("settings", given, import_="imported/settings")
    project.up()
    assert project.state("settings")["outputs"]["data"] == {"colour": "red"}
    project.destroy()
    plane.delete("/api/v1/namespaces/imported")


def test_a_kind_that_the_api_server_does_not_know_is_told(project: KubernetesProject) -> None:
    unknown = {"apiVersion": "example.invalid/v1", "kind": "Thing", "metadata": {"name": "thing"}}
    project.declares("thing", unknown)
    assert project.operations() == {"thing": "create"}, "its definition may be made in the same run"
    with pytest.raises(CommandError, match="Verify that any required CRDs have been created"):
        project.up()
    assert project.resources() == []
