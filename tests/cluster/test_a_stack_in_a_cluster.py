"""A newcomer with a cluster: up, chat, what the gateway lets through and what not, down."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from drivers.cluster.cluster import Cluster
from drivers.stack_in_cluster import StackInCluster, a_model, stack_in

QUESTION = "What is the capital of France?"


@pytest.fixture(scope="module")
def up(cluster: Cluster, packed_images: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackInCluster]:
    """Two models behind one endpoint."""
    with stack_in(cluster, tmp_path_factory.mktemp("user"), "two-models") as stack:
        stack.has({"small": a_model(), "other": a_model(maxTotalTokens=1024)})
        stack.is_up()
        yield stack


def chat(stack: StackInCluster, model: str, key: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body = {"model": model, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 16, "temperature": 0}
    return httpx.post(f"{stack.url()}/v1/chat/completions", json=body, headers=headers, timeout=60)


def test_chat_answers_through_a_tunnel_with_the_operators_key(up: StackInCluster) -> None:
    chat = up.llmctl("chat", QUESTION)
    assert "Paris" in chat.out, chat.err


@pytest.mark.parametrize("model", ["small", "other"])
def test_two_models_behind_one_endpoint_answer_as_themselves(up: StackInCluster, model: str) -> None:
    answer = chat(up, model, up.key())
    assert (answer.status_code, answer.json()["model"]) == (200, model)


@pytest.mark.parametrize("key", [None, "llmctl-wrong"])
def test_without_a_key_that_is_known_the_answer_is_401(up: StackInCluster, key: str | None) -> None:
    assert chat(up, "small", key).status_code == 401


def test_an_unknown_model_is_a_404_that_lists_the_known_ones(up: StackInCluster) -> None:
    answer = chat(up, "gpt-17", up.key())
    assert answer.status_code == 404
    assert {"small", "other"} <= set(answer.json()["error"]["message"].replace(",", " ").replace(".", " ").split())


@pytest.mark.parametrize("path", ["/metrics", "/info", "/docs", "/slots"])
def test_what_is_no_generation_is_hidden(up: StackInCluster, path: str) -> None:
    headers = {"Authorization": f"Bearer {up.key()}"}
    assert httpx.get(up.url() + path, headers=headers).status_code == 404


def test_a_second_up_changes_nothing(up: StackInCluster) -> None:
    again = up.llmctl("up", "--json")
    assert (again.code, again.json["plan"]["changes"]) == (0, {}), again.err


def test_the_rendered_objects_pass_the_api_server(up: StackInCluster) -> None:
    rendered = up.llmctl("render")
    assert rendered.code == 0, rendered.err
    applied = up.cluster.try_kubectl(
        "apply", "--server-side", "--dry-run=server", "--force-conflicts", "-f", "-", stdin=rendered.out
    )
    assert applied.returncode == 0, applied.stderr
    assert "Warning" not in applied.stderr


def test_down_leaves_no_object_anywhere(cluster: Cluster, packed_images: None, up: StackInCluster) -> None:
    down = up.llmctl("down")
    assert down.code == 0, down.err
    assert "Nothing is left" in down.out
    assert up.objects() == []
    assert up.cluster.try_kubectl("get", "namespace", up.namespace).returncode != 0
    assert [each for each in cluster.get("priorityclasses")["items"] if up.namespace in each["metadata"]["name"]] == []
