"""Whose cluster and whose namespace it is, told from a state and from what a cluster answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from drivers.loopback import serving

from llmctl.infra.errors import ClusterUnreachable, Refused
from llmctl.infra.kubernetes.gone import gone
from llmctl.infra.kubernetes.guard import guard, pinned
from llmctl.infra.project import Project
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext

OURS = {"app.kubernetes.io/instance": "dev", "app.kubernetes.io/managed-by": "llmctl"}


@contextmanager
def a_cluster(directory: Path, uid: str, **namespaces: Mapping[str, Any]) -> Iterator[StackSettings]:
    """The settings of a stack whose context leads to an API server that has these namespaces, with their metadata."""
    there = {"kube-system": {"uid": uid}, **namespaces}

    def answer(request: BaseHTTPRequestHandler) -> None:
        found = there.get(request.path.rpartition("/")[2])
        body = json.dumps({"metadata": found} if found is not None else {"message": "not found"}).encode()
        request.send_response(200 if found is not None else 404)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with serving(answer) as address:
        yield settings(directory, address)


def settings(directory: Path, address: str) -> StackSettings:
    kubeconfig = {
        "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://{address}"}}],
        "users": [{"name": "u", "user": {}}],
    }
    (directory / "kubeconfig").write_text(json.dumps(kubeconfig))
    cluster = {
        "context": "lab",
        "kubeconfig": str(directory / "kubeconfig"),
        "serverImage": "registry.example/llmctl:1",
    }
    return StackSettings.model_validate({"target": "kubernetes", "cluster": cluster, "models": {"a/b": {}}})


def context(directory: Path) -> StackContext:
    return StackContext(project=Project(directory), stack="dev", secrets=frozenset())


def state(uid: str | None, *namespaces: str) -> dict[str, Any]:
    provider = {"type": "pulumi:providers:kubernetes", "inputs": {"clusterIdentifier": uid}}
    made = [{"type": "kubernetes:core/v1:Namespace", "id": each} for each in namespaces]
    return {"resources": [provider, *made] if uid else made}


def test_a_stack_that_was_never_up_is_of_no_cluster() -> None:
    assert pinned({}) is None
    assert pinned({"resources": [{"type": "pulumi:pulumi:Stack"}]}) is None
    assert pinned(state("one")) == "one"


LET: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nothing is there": (state(None), {}),
    "the stack's own": (state("one", "llmctl-dev"), {"llmctl-dev": {"labels": OURS}}),
    "the stack's own, whose labels somebody took": (state("one", "llmctl-dev"), {"llmctl-dev": {}}),
    "made by an up that was killed before it was written down": (state("one"), {"llmctl-dev": {"labels": OURS}}),
}


@pytest.mark.parametrize(("known", "there"), LET.values(), ids=LET)
def test_what_is_the_stacks_own_is_let(tmp_path: Path, known: dict[str, Any], there: dict[str, Any]) -> None:
    with a_cluster(tmp_path, "one", **there) as asked:
        guard(asked, context(tmp_path), known)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another cluster": (state("two"), {}, "deployed to the cluster with the UID two, and context 'lab' now leads to"),
    "a namespace of others": (state(None), {"llmctl-dev": {}}, "is not of this stack (llmctl did not make it)"),
    "a namespace of others, for a stack that is up": (
        state("one", "elsewhere"),
        {"llmctl-dev": {}},
        "is not of this stack (llmctl did not make it)",
    ),
    "another stack's": (
        state("one", "elsewhere"),
        {"llmctl-dev": {"labels": {**OURS, "app.kubernetes.io/instance": "prod"}}},
        "it is of a stack prod of another project",
    ),
    "one of the same name from another project": (
        state(None),
        {"llmctl-dev": {"labels": OURS}},
        "it is of a stack dev of another project, or of a state that was lost",
    ),
    "one on its way out": (
        state(None),
        {"llmctl-dev": {"labels": OURS, "deletionTimestamp": "2026-01-01T00:00:00Z"}},
        "The namespace llmctl-dev is being deleted",
    ),
}


@pytest.mark.parametrize(("known", "there", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_of_others_is_refused(tmp_path: Path, known: dict[str, Any], there: dict[str, Any], said: str) -> None:
    with a_cluster(tmp_path, "one", **there) as asked, pytest.raises(Refused) as raised:
        guard(asked, context(tmp_path), known)
    assert said in str(raised.value)


def test_a_cluster_that_is_not_there_is_told_with_the_way_to_finish_without_it(tmp_path: Path) -> None:
    with a_cluster(tmp_path, "one") as asked:
        pass
    with pytest.raises(ClusterUnreachable, match="llmctl down dev --cluster-gone"):
        guard(asked, context(tmp_path), state("one"))
    guard(asked, context(tmp_path), state(None))


def test_a_cluster_that_answers_is_not_gone(tmp_path: Path) -> None:
    with a_cluster(tmp_path, "one") as asked, pytest.raises(Refused, match="is there and answers"):
        gone(asked, context(tmp_path), state("one"))


def test_a_cluster_is_gone_when_another_or_nobody_answers_or_its_context_is_no_more(tmp_path: Path) -> None:
    with a_cluster(tmp_path, "two") as asked:
        assert gone(asked, context(tmp_path), state("one")) == "Its context leads to another cluster now (two)"
    assert gone(asked, context(tmp_path), state("one")).startswith("Nobody answers at its address (")
    (tmp_path / "kubeconfig").unlink()
    assert gone(asked, context(tmp_path), state("one")).startswith("Its context cannot be used any more (")
