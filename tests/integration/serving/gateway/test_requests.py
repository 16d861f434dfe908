"""Who comes in, with what, and where it goes: on a real HAProxy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from drivers.gateway_stack import CHAT, GatewayStack, chat
from drivers.haproxy import Haproxy
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture
def two_models(stack: GatewayStack) -> Haproxy:
    for name in ("a", "b"):
        stack.model(name, stack.replicas.more())
    return stack.gateway()


def test_without_a_known_key_nobody_comes_in(stack: GatewayStack, two_models: Haproxy) -> None:
    for headers in ({}, {"Authorization": "Bearer no-such-key"}, {"Authorization": f"Basic {stack.key}"}):
        answer = httpx.post(f"{two_models.url}{CHAT}", json=chat(), headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["error"]["code"] == "invalid_api_key"
    assert stack.replicas.all[0].requests == []


def test_the_engine_never_sees_the_key(stack: GatewayStack, two_models: Haproxy) -> None:
    assert stack.post(two_models, chat()).status_code == 200
    [seen] = stack.replicas.all[0].requests
    assert "authorization" not in seen.headers
    assert stack.key not in str(seen)


def test_each_model_answers_as_itself(stack: GatewayStack, two_models: Haproxy) -> None:
    one, other = stack.replicas.all
    assert stack.post(two_models, chat("org/a")).json()["replica"] == one.address
    assert stack.post(two_models, chat("org/b")).json()["replica"] == other.address


def test_an_unknown_model_is_a_404_that_lists_the_known_ones(stack: GatewayStack, two_models: Haproxy) -> None:
    for name in ("org/c", "tgi", 'a"b', "x" * 5000):
        answer = stack.post(two_models, chat(name))
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert error["code"] == "model_not_found"
        assert "org/a, org/b" in error["message"]


def test_with_several_models_a_request_must_name_one_in_its_body_or_header(
    stack: GatewayStack, two_models: Haproxy
) -> None:
    answer = stack.post(two_models, {"inputs": "x"}, "/generate")
    assert answer.status_code == 400
    assert "org/a, org/b" in answer.json()["error"]["message"]
    answer = stack.post(two_models, {"inputs": "x"}, "/generate", headers={"X-Model": "org/b"})
    assert answer.json()["replica"] == stack.replicas.all[1].address


@pytest.mark.parametrize("body", [{"inputs": "x"}, chat("tgi"), chat("dummy"), chat("org/a"), chat("adapter")])
def test_the_only_model_answers_to_no_name_and_to_the_placeholders_of_tgis_clients(
    stack: GatewayStack, body: dict[str, Any]
) -> None:
    stack.model("a", stack.replicas.more(), served_names=("org/a", "adapter"))
    assert stack.post(stack.gateway(), body).status_code == 200


def test_the_only_model_does_not_answer_to_every_name(stack: GatewayStack) -> None:
    stack.model("a", stack.replicas.more())
    assert stack.post(stack.gateway(), chat("gpt-4")).status_code == 404


def test_only_the_listed_routes_exist_with_and_without_a_key(stack: GatewayStack, two_models: Haproxy) -> None:
    hidden = [
        "/metrics",
        "/info",
        "/docs",
        "/",
        "/v1/chat",
        "//v1/models",
        "/v1/../metrics",
        "/V1/models",
        "/v1/models/",
    ]
    with stack.client(two_models) as known, httpx.Client(base_url=two_models.url) as unknown:
        for client in (known, unknown):
            assert {path: client.get(path).status_code for path in hidden} == dict.fromkeys(hidden, 404)
        assert known.get(CHAT).status_code == 404, "another method is another route"
        assert known.get("/metrics").json()["error"]["code"] == "unknown_route"
    assert [replica.requests for replica in stack.replicas.all] == [[], []]


def test_a_route_of_one_model_is_none_of_another(stack: GatewayStack) -> None:
    from llmctl.serving.gateway.spec import Route

    stack.model("a", stack.replicas.more())
    stack.model("b", stack.replicas.more(), routes=frozenset({Route(method="POST", path=CHAT)}))
    gateway = stack.gateway()
    assert stack.post(gateway, {"model": "org/a", "inputs": "x"}, "/generate").status_code == 200
    assert stack.post(gateway, {"model": "org/b", "inputs": "x"}, "/generate").status_code == 404


def test_the_gateway_lists_the_models_itself(stack: GatewayStack, two_models: Haproxy) -> None:
    with stack.client(two_models) as client:
        listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == ["org/a", "org/b"]
    assert httpx.get(f"{two_models.url}/v1/models").status_code == 401


def test_health_is_about_the_models_and_ping_about_the_gateway(stack: GatewayStack) -> None:
    stack.model("a", stack.replicas.more())
    stack.model("b")
    gateway = stack.gateway(ready=False)
    assert httpx.get(f"{gateway.url}/ping").status_code == 200
    assert httpx.get(f"{gateway.url}/health").status_code == 503
    stack.ready("b", stack.replicas.more())
    gateway.wait_until_ready()
    assert httpx.get(f"{gateway.url}/health").status_code == 200


def test_a_stream_comes_through_token_by_token(stack: GatewayStack, two_models: Haproxy) -> None:
    replica = stack.replicas.all[0]
    replica.hold()
    with stack.client(two_models) as client, client.stream("POST", CHAT, json=chat(stream=True)) as answer:
        lines = answer.iter_lines()
        assert "t0" in next(lines), "the first token is here while the replica still works on the next"
        replica.release()
        assert list(lines)[-2] == "data: [DONE]"


# --- the body ---------------------------------------------------------------------------------------------------------


def in_chunks(body: bytes, size: int = 10_000) -> Iterator[bytes]:
    yield from (body[at : at + size] for at in range(0, len(body), size))


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_just_read_whole_is_routed_by_its_last_word(
    stack: GatewayStack, two_models: Haproxy, chunked: bool
) -> None:
    empty = {"messages": [{"role": "user", "content": ""}], "model": "org/b"}
    empty["messages"] = [{"role": "user", "content": "x" * (two_models.spec.affinity_bytes - len(json.dumps(empty)))}]
    body = json.dumps(empty).encode()
    assert len(body) == two_models.spec.affinity_bytes
    with stack.client(two_models) as client:
        answer = client.post(CHAT, content=in_chunks(body) if chunked else body)
    assert answer.json()["replica"] == stack.replicas.all[1].address
    assert stack.replicas.all[1].requests[0].body == body


def test_a_larger_body_is_routed_by_its_beginning_or_by_a_header(stack: GatewayStack, two_models: Haproxy) -> None:
    messages = {"messages": [{"role": "user", "content": "x" * 1_900_000}]}
    second = stack.replicas.all[1].address
    assert stack.post(two_models, {"model": "org/b"} | messages).json()["replica"] == second
    assert stack.post(two_models, messages, headers={"X-Model": "org/b"}).json()["replica"] == second
    unread = stack.post(two_models, messages | {"model": "org/b"})
    assert unread.status_code == 400
    assert "X-Model" in unread.json()["error"]["message"]
    assert [len(body["messages"][0]["content"]) for body in stack.replicas.all[1].bodies()] == [1_900_000] * 2


@pytest.mark.parametrize("excess", [1, 3_000_000])
def test_a_body_over_the_limit_is_a_413(stack: GatewayStack, two_models: Haproxy, excess: int) -> None:
    with stack.client(two_models) as client:
        answer = client.post(CHAT, content=b"x" * (two_models.spec.body_bytes + excess))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"


@pytest.mark.parametrize("excess", [1, 3_000_000])
def test_a_large_body_has_to_say_its_length(stack: GatewayStack, two_models: Haproxy, excess: int) -> None:
    with stack.client(two_models) as client:
        answer = client.post(CHAT, content=in_chunks(b"x" * (two_models.spec.affinity_bytes + excess)))
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "content_length_missing"


def test_headers_have_a_bound_too(stack: GatewayStack, two_models: Haproxy) -> None:
    assert stack.post(two_models, chat(), headers={"X-Long": "x" * 30_000}).status_code == 200
    assert stack.post(two_models, chat(), headers={"X-Long": "x" * 33_000}).status_code == 431


TEXT = st.text() | st.sampled_from(['"', "\\", '\\"', '{"model":"org/a"}', '","model":"org/a"', "\\u0022", "[[{", "]}"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | st.just("model"), inner, max_size=4),
)


def test_the_model_is_found_wherever_it_stands_and_whatever_stands_around_it(
    stack: GatewayStack, two_models: Haproxy
) -> None:
    with stack.client(two_models) as client:

        @settings(max_examples=60)
        @given(
            before=st.dictionaries(TEXT, VALUES, max_size=4),
            after=st.dictionaries(TEXT, VALUES, max_size=4),
            plain=st.booleans(),
            indent=st.none() | st.just(2),
        )
        def routed(before: dict[str, Any], after: dict[str, Any], plain: bool, indent: int | None) -> None:
            members = [*(before | {"model": "org/a"}).items(), ("model", "org/b"), *after.items()]
            inside = ",\n".join(
                f"{json.dumps(k)} : {json.dumps(v, ensure_ascii=plain, indent=indent)}" for k, v in members
            )
            body = "{" + inside + "}"
            expected = json.loads(body)["model"]
            answer = client.post(CHAT, content=body.encode("utf-8", "surrogatepass"))
            served = {"org/a": 0, "org/b": 1}
            if expected in served:
                assert answer.json()["replica"] == stack.replicas.all[served[expected]].address, body

        routed()
