from __future__ import annotations

from drivers.control_plane import ControlPlane
from drivers.kubernetes_project import KubernetesProject
from drivers.manifests import annotated, deployment, namespace, service


def test_a_field_that_cannot_be_changed_means_another_object_once_the_old_one_is_gone(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("replaced"))
    for selects in ("server", "other"):
        given = deployment("replaced", replicas=0, selects=selects)
        project.declares("server", given, depends_on=["here"])
        project.declares("door", service("replaced", clusterIP="None"), depends_on=["here"])
        if selects == "other":
            assert project.operations()["server"] == "replace"
        project.up()
        found = plane.object("replaced", "deployments", "server") or {}
        assert found["spec"]["selector"]["matchLabels"] == {"app": selects}
    project.declares("door", annotated(service("replaced"), skipAwait="true"), depends_on=["here"])
    assert project.operations() == {"here": "same", "server": "same", "door": "replace"}
    project.up()
    door = plane.object("replaced", "services", "server") or {}
    assert door["spec"]["clusterIP"] != "None"
    project.destroy()


def test_an_object_without_a_name_gets_one_and_is_replaced_without_a_gap(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    nameless = deployment("autonamed", replicas=0)
    del nameless["metadata"]["name"]
    project.declares("here", namespace("autonamed"))
    project.declares("server", annotated(nameless, skipAwait="true"), depends_on=["here"])
    project.up()
    name = project.state("server")["outputs"]["metadata"]["name"]
    assert name.startswith("server-")
    project.up()
    assert project.state("server")["outputs"]["metadata"]["name"] == name, "the name stays"
    project.destroy()
    assert plane.get("/api/v1/namespaces/autonamed") is None
