"""The double of pulumi-kubernetes where there is no API server."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import psutil
import pytest
from drivers.eventually import eventually
from drivers.kubernetes_project import KubernetesProject
from drivers.manifests import namespace
from pulumi.automation.errors import CommandError

ATTACHED = """
import os, sys, psutil
from llmctl.infra.rehearsal.attach import kubernetes_double
with kubernetes_double():
    print(psutil.Process().children()[0].pid, flush=True)
    sys.stdin.read()
"""


def test_a_preview_needs_no_cluster_and_an_up_says_that_it_is_unreachable(project: KubernetesProject) -> None:
    project.declares("here", namespace("demo"))
    assert project.operations() == {"here": "create"}
    with pytest.raises(CommandError, match="configured Kubernetes cluster is unreachable") as error:
        project.up()
    assert "a-token-of-the-test" not in str(error.value)
    assert project.resources() == []


def test_a_context_that_is_not_there_is_told_apart(project: KubernetesProject, kubeconfig: dict[str, Any]) -> None:
    project.uses(kubeconfig, context="elsewhere")
    project.declares("here", namespace("demo"))
    with pytest.raises(CommandError, match="unable to load Kubernetes client configuration") as error:
        project.up()
    assert "a-token-of-the-test" not in str(error.value)


def test_the_double_ends_with_who_attached_it_however_that_ends() -> None:
    command = [sys.executable, "-c", ATTACHED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as attaching:
        assert attaching.stdout
        double = psutil.Process(int(attaching.stdout.readline()))
        attaching.kill()
    eventually(lambda: not double.is_running() or double.status() == psutil.STATUS_ZOMBIE, "the double has ended")
