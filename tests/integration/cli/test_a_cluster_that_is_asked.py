"""Commands that ask a cluster without Pulumi, as a user types them."""

from __future__ import annotations

from pathlib import Path

import yaml
from doubles.cluster_api import ClusterApi
from doubles.cluster_objects import node
from drivers.laptop import Laptop

STACK_FILE = """\
config:
  llmctl:target: kubernetes
  llmctl:cluster:
    context: lab
    kubeconfig: {kubeconfig}
    serverImage: registry.example/llmctl:1
  llmctl:models:
    chat:
      id: HuggingFaceTB/SmolLM2-135M-Instruct
      accelerator: cpu
      weights: {{source: image, url: /models/model.gguf}}
"""
REFUSED = 6
OURS = {"app.kubernetes.io/instance": "dev", "app.kubernetes.io/managed-by": "llmctl"}
NAMESPACE = {"/api/v1/namespaces/llmctl-dev": {"metadata": {"labels": OURS}}}


def has_the_stack(laptop: Laptop, kubeconfig: Path) -> None:
    (laptop.directory / "stacks/Pulumi.dev.yaml").write_text(STACK_FILE.format(kubeconfig=kubeconfig))


def test_a_rendered_stack_is_yaml_and_nothing_else_and_changes_nothing(laptop: Laptop, tmp_path: Path) -> None:
    api = ClusterApi(nodes=[node("node1")])
    with api.kubeconfig(tmp_path) as kubeconfig:
        has_the_stack(laptop, kubeconfig)
        ran = laptop.llmctl("render", "dev")
        again = laptop.llmctl("render", "dev")
    assert (ran.code, again.out) == (0, ran.out), ran.err
    objects = list(yaml.safe_load_all(ran.out))
    assert objects[0]["kind"] == "Namespace"
    names = {(each["kind"], each["metadata"]["name"]) for each in objects}
    assert {("Deployment", "chat"), ("Deployment", "gateway"), ("PriorityClass", "llmctl-dev-serving")} <= names
    assert {each["metadata"].get("namespace") for each in objects} == {None, "llmctl-dev"}
    assert {request.split()[0] for request in api.asked} == {"GET"}


def test_a_key_is_not_revoked_in_another_clusters_namespace_of_the_same_name(laptop: Laptop, tmp_path: Path) -> None:
    ours, other = ClusterApi(uid="one", objects=NAMESPACE), ClusterApi(uid="two", objects=NAMESPACE)
    with ours.kubeconfig(tmp_path) as kubeconfig:
        has_the_stack(laptop, kubeconfig)
        assert laptop.llmctl("keys", "list", "dev").code == 1, "there are no gateways, but the cluster is known now"
    with other.kubeconfig(tmp_path):
        ran = laptop.llmctl("keys", "revoke", "dev", "alice")
    assert (ran.code, ran.out) == (REFUSED, "")
    assert "is in the cluster with the UID one, and context 'lab' now leads to another one (two)" in ran.err
    assert other.asked == ["GET /api/v1/namespaces/kube-system"]


def test_a_stack_whose_context_leads_elsewhere_says_so_beside_the_others(laptop: Laptop, tmp_path: Path) -> None:
    with ClusterApi(uid="two", objects=NAMESPACE).kubeconfig(tmp_path) as kubeconfig:
        has_the_stack(laptop, kubeconfig)
        home = laptop.directory / ".llmctl/stacks/dev"
        home.mkdir(parents=True)
        (home / "cluster-uid").write_text("one\n")
        ran = laptop.llmctl("stacks", "--json")
    assert ran.code == 0, ran.err
    states = {each["stack"]: each["state"] for each in ran.json}
    assert states.keys() == {"dev", "local"}
    assert "now leads to another one (two)" in states["dev"]
