"""Whose cluster and whose namespace it is, told from a state and from what a cluster answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from drivers.loopback import serving

from llmctl.infra.connection import Ports
from llmctl.infra.errors import ClusterUnreachable, Refused
from llmctl.infra.kubernetes.connect import connect
from llmctl.infra.kubernetes.gone import gone
from llmctl.infra.kubernetes.guard import guard, pinned
from llmctl.infra.kubernetes.logs import logs
from llmctl.infra.kubernetes.pin import own_account, record, recorded
from llmctl.infra.kubernetes.reach import reach
from llmctl.infra.kubernetes.status import status
from llmctl.infra.kubernetes.why import why
from llmctl.infra.logs import LogQuery
from llmctl.infra.project import Project
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext

OURS = {"app.kubernetes.io/instance": "dev", "app.kubernetes.io/managed-by": "llmctl"}


@contextmanager
def a_cluster(directory: Path, uid: str | None, **named: Mapping[str, Any]) -> Iterator[StackSettings]:
    """The settings of a stack whose context leads to an API server that has these namespaces and PriorityClasses, with
    their metadata. Without a uid the credentials may not look at kube-system."""
    there = {**named, **({"kube-system": {"uid": uid}} if uid else {})}

    def answer(request: BaseHTTPRequestHandler) -> None:
        name = request.path.rpartition("/")[2]
        found = there.get(name)
        hidden = name == "kube-system" and uid is None
        body = json.dumps({"metadata": found} if found is not None else {"message": "not found"}).encode()
        request.send_response(200 if found is not None else 403 if hidden else 404)
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
    "a PriorityClass that was left when the state was lost": (state(None), {"llmctl-dev-serving": {"labels": OURS}}),
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
    "a PriorityClass of others": (
        state(None),
        {"llmctl-dev-serving": {}},
        "The PriorityClass llmctl-dev-serving is there already and is not of this stack (llmctl did not make it)",
    ),
    "a PriorityClass of others, for a stack that is up": (
        state("one", "llmctl-dev"),
        {"llmctl-dev": {"labels": OURS}, "llmctl-dev-serving": {}},
        "is not of this stack (llmctl did not make it)",
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


# --- commands that do not start Pulumi --------------------------------------------------------------------------------

Command = Callable[[StackSettings, StackContext], object]
LOOKING: dict[str, Command] = {
    "status": status,
    "why": why,
    "logs": lambda asked, stack: logs(asked, stack, LogQuery(lines=1)).__enter__(),
}
CHANGING: dict[str, Command] = {
    "keys": lambda asked, stack: own_account(asked, stack, writes=True),
    "chat": lambda asked, stack: reach(asked, stack).__enter__(),
    "connect": lambda asked, stack: connect(asked, stack, Ports()).__enter__(),
}


@pytest.mark.parametrize("command", [*LOOKING.values(), *CHANGING.values()], ids=[*LOOKING, *CHANGING])
def test_a_context_that_leads_to_another_cluster_since_the_last_preview_is_refused(
    tmp_path: Path, command: Command
) -> None:
    with a_cluster(tmp_path, "one", **{"llmctl-dev": {"labels": OURS}}) as asked:
        guard(asked, context(tmp_path), state("one", "llmctl-dev"))
    with (
        a_cluster(tmp_path, "two", **{"llmctl-dev": {"labels": OURS}}) as asked,
        pytest.raises(Refused, match=r"is in the cluster with the UID one, .* now leads to another one \(two\)"),
    ):
        command(asked, context(tmp_path))


@pytest.mark.parametrize("command", CHANGING.values(), ids=CHANGING)
def test_where_nothing_is_known_a_namespace_of_others_is_not_changed(tmp_path: Path, command: Command) -> None:
    with (
        a_cluster(tmp_path, "one", **{"llmctl-dev": {}}) as asked,
        pytest.raises(Refused, match=r"llmctl-dev in context 'lab' is not of stack dev \(llmctl did not make it\)"),
    ):
        command(asked, context(tmp_path))
    assert recorded(context(tmp_path)) is None


def test_the_cluster_where_the_stack_is_met_first_is_written_down(tmp_path: Path) -> None:
    with a_cluster(tmp_path, "one", **{"llmctl-dev": {"labels": OURS}}) as asked:
        own_account(asked, context(tmp_path), writes=True)
    assert recorded(context(tmp_path)) == "one"


def test_a_cluster_without_the_stack_is_not_written_down(tmp_path: Path) -> None:
    with a_cluster(tmp_path, "one") as asked:
        own_account(asked, context(tmp_path), writes=True)
    assert recorded(context(tmp_path)) is None


def test_a_state_without_a_cluster_takes_back_what_was_written_down(tmp_path: Path) -> None:
    record(context(tmp_path), "two")
    with a_cluster(tmp_path, "one") as asked:
        guard(asked, context(tmp_path), state(None))
    assert recorded(context(tmp_path)) is None


def test_credentials_that_cannot_tell_the_cluster_may_look_and_change_nothing(tmp_path: Path) -> None:
    record(context(tmp_path), "one")
    with a_cluster(tmp_path, None) as asked:
        assert own_account(asked, context(tmp_path), writes=False).context == "lab"
        with pytest.raises(Refused, match="needs the right to get the namespace kube-system"):
            own_account(asked, context(tmp_path), writes=True)
