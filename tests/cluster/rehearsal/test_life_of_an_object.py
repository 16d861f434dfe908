"""The double of pulumi-kubernetes between the real Pulumi engine and a real API server."""

from __future__ import annotations

from drivers.control_plane import ControlPlane
from drivers.kubernetes_project import KubernetesProject
from drivers.manifests import config_map, namespace


def test_what_is_declared_is_made_changed_and_taken_away(project: KubernetesProject, plane: ControlPlane) -> None:
    project.declares("here", namespace("life"))
    project.declares("settings", config_map("life", colour="red"), depends_on=["here"])
    assert project.operations() == {"here": "create", "settings": "create"}
    assert plane.get("/api/v1/namespaces/life") is None, "a preview makes nothing"
    project.up()
    assert project.operations() == {"here": "same", "settings": "same"}
    project.declares("settings", config_map("life", colour="blue"), depends_on=["here"])
    assert project.operations() == {"here": "same", "settings": "update"}
    project.up()
    assert plane.config_map("life")["data"] == {"colour": "blue"}
    project.stack.destroy()
    assert plane.get("/api/v1/namespaces/life") is None, "destroy returns when the namespace is gone"
