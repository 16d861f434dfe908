"""What goes wrong on the way to a cluster's API is told apart, and no message holds the token."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from drivers.loopback import serving
from drivers.ports import free_port

from llmctl.infra.errors import (
    ClusterForbidden,
    ClusterSlow,
    ClusterUnreachable,
    ObjectConflict,
    ObjectNotFound,
    SettingsError,
)
from llmctl.infra.kubernetes.account import Account

TOKEN = "-".join(["kube", "token", "0123456789"])


def kubeconfig(directory: Path, server: str, **user: Any) -> str:
    content = {
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": TOKEN, **user}}],
    }
    path = directory / "config"
    path.write_text(json.dumps(content))
    return str(path)


STATUSES = {401: ClusterForbidden, 403: ClusterForbidden, 404: ObjectNotFound, 409: ObjectConflict, 503: ClusterSlow}


@pytest.mark.parametrize(("status", "kind"), STATUSES.items())
def test_an_answer_that_is_no_is_an_error_of_its_kind(tmp_path: Path, status: int, kind: type[Exception]) -> None:
    asked: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.headers["authorization"])
        body = json.dumps({"kind": "Status", "message": "it is said why"}).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    with serving(answer) as address, pytest.raises(kind) as raised:
        Account.open(kubeconfig(tmp_path, f"http://{address}"), "lab").cluster_uid()
    assert asked == [f"Bearer {TOKEN}"], "asked once, with the token"
    assert TOKEN not in str(raised.value)


def test_a_cluster_that_nobody_answers_for_is_unreachable(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    account = Account.open(kubeconfig(tmp_path, f"http://127.0.0.1:{free_port()}"), "lab")
    with pytest.raises(ClusterUnreachable, match="'lab' cannot be reached: the connection was refused"):
        account.server_version()
    assert caplog.messages == [], "the message is all that is said"


def test_a_context_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(SettingsError, match=r"has no context 'prod'\. Contexts there: lab"):
        Account.open(path, "prod")


def test_a_context_that_cannot_be_used_is_told_without_what_it_holds(tmp_path: Path) -> None:
    path = Path(kubeconfig(tmp_path, "http://127.0.0.1:1"))
    path.write_text(json.dumps({**json.loads(path.read_text()), "clusters": []}))
    with pytest.raises(SettingsError, match="context 'lab' is incomplete") as raised:
        Account.open(str(path), "lab")
    assert TOKEN not in str(raised.value)


def test_no_kubeconfig_at_all_is_told_with_the_ways_to_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No kubeconfig can be read at"):
        Account.open(str(tmp_path / "nowhere"), "lab")
