from __future__ import annotations

import pytest
from drivers.control_plane import ControlPlane
from drivers.kubernetes_project import KubernetesProject
from drivers.manifests import config_map, namespace
from drivers.ports import free_port
from pulumi.automation.errors import CommandError


def test_an_object_of_a_cluster_that_does_not_answer_is_kept_unless_it_is_to_be_given_up(
    project: KubernetesProject, plane: ControlPlane
) -> None:
    project.declares("here", namespace("lost"))
    project.declares("settings", config_map("lost", colour="red"), depends_on=["here"])
    project.up()
    project.uses(plane.kubeconfig(server=f"https://127.0.0.1:{free_port()}"))
    project.declares("settings", config_map("lost", colour="blue"), depends_on=["here"])
    assert project.operations() == {"here": "same", "settings": "update"}, "an address is not the cluster"
    with pytest.raises(CommandError, match="configured Kubernetes cluster is unreachable"):
        project.up()
    with pytest.raises(CommandError, match="failed to read resource state due to unreachable cluster"):
        project.stack.refresh()
    with pytest.raises(CommandError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        project.destroy()
    assert project.resources() == ["here", "settings"], "nothing is forgotten"
    project.uses(plane.kubeconfig(server=f"https://127.0.0.1:{free_port()}"), delete_unreachable=True)
    project.up(target=["urn:pulumi:test::demo::pulumi:providers:kubernetes::cluster"])
    project.destroy()
    assert project.resources() == []
    assert plane.object("lost", "configmaps", "settings"), "the cluster was there all the time"
    plane.delete("/api/v1/namespaces/lost")
