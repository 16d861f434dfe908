"""What is refused, counted and cut short: the edges of the HTTP API on a real server."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from drivers.eventually import eventually
from drivers.model_server import ModelServer

DROPPED = 'tgi_request_failure{err="dropped"}'
LONG = "word " * 700
"""About 700 tokens: eleven batches of the server's 64."""


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"temperature": 0.0}, "`temperature` must be strictly positive"),
        ({"top_p": 1.0}, "`top_p` must be > 0.0 and < 1.0"),
        ({"stop": list("abcde")}, "`stop` supports up to 4 stop sequences. Given: 5"),
        ({"truncate": 5000}, "`truncate` must be strictly positive and less than 1023. Given: 5000"),
        (
            {"max_new_tokens": 1024},
            "`inputs` tokens + `max_new_tokens` must be <= 1024. Given: 1 `inputs` tokens and 1024 `max_new_tokens`",
        ),
        ({"decoder_input_details": True}, "`decoder_input_details` is not supported by this server"),
        ({"watermark": True}, "`watermark` is not supported by this server"),
        ({"adapter_id": "lora"}, "`adapter_id` is not supported by this server"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_parameter_that_is_not_allowed_is_a_422_with_tgis_text(
    server: ModelServer, parameters: dict[str, Any], error: str
) -> None:
    answer = server.post("/generate", {"inputs": "x", "parameters": parameters})
    assert answer.status_code == 422
    assert answer.json()["error_type"] == "validation"
    assert answer.json()["error"].startswith(f"Input validation error: {error}")


def test_a_prompt_that_is_too_long_is_refused(server: ModelServer) -> None:
    answer = server.post("/generate", {"inputs": "word " * 1023})
    assert answer.status_code == 422
    assert answer.json()["error"].endswith("`inputs` must have less than 1023 tokens. Given: 1024")


def test_an_empty_prompt_is_refused(server: ModelServer) -> None:
    assert server.post("/generate", {"inputs": ""}).json()["error"].endswith("`inputs` cannot be empty")


@pytest.mark.parametrize(
    ("content", "content_type", "status", "says"),
    [
        (b"{}", "text/plain", 415, "Expected request with `Content-Type: application/json`"),
        (b'{"inputs":', "application/json", 400, "Failed to parse the request body as JSON: EOF"),
        (b'{"inputs":"x","parameters":{"top_p":NaN}}', "application/json", 400, "Failed to parse"),
        (b"{}", "application/json", 422, "missing field `inputs`"),
        (b'{"inputs":"x","parameters":{"top_k":"5"}}', "application/json; charset=utf-8", 422, "parameters.top_k"),
        (b'{"inputs":"x","parameters":null}', "application/json", 422, "parameters"),
        (b"[" + b"1," * 1_100_000 + b"1]", "application/json", 413, "length limit exceeded"),
    ],
    ids=["content type", "cut JSON", "NaN", "missing", "wrong type", "null", "too large"],
)
def test_a_body_that_is_no_request_is_rejected_in_plain_text(
    server: ModelServer, content: bytes, content_type: str, status: int, says: str
) -> None:
    answer = httpx.post(f"{server.url}/generate", content=content, headers={"content-type": content_type})
    assert answer.status_code == status
    assert says in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/generate", 405)])
def test_an_unknown_place_is_answered_with_nothing(server: ModelServer, method: str, path: str, status: int) -> None:
    answer = httpx.request(method, server.url + path)
    assert (answer.status_code, answer.content) == (status, b"")


def test_an_unknown_field_is_ignored_and_counted(server: ModelServer) -> None:
    before = server.metric("llmctl_request_unknown_fields")
    body = {"inputs": "x", "n_predict": 1, "parameters": {"max_new_tokens": 1, "min_p": 0.1, "mirostat": 2}}
    assert server.post("/generate", body).status_code == 200
    assert server.metric("llmctl_request_unknown_fields") == before + 3


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/generate", {"inputs": "x", "parameters": {"max_new_tokens": 2}}),
        ("/generate_stream", {"inputs": "x", "parameters": {"max_new_tokens": 2}}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "x"}], "max_tokens": 2}),
        ("/v1/completions", {"prompt": "x", "max_tokens": 2}),
    ],
    ids=["generate", "stream", "chat", "completions"],
)
def test_each_request_is_counted_once(server: ModelServer, path: str, body: dict[str, Any]) -> None:
    names = ("tgi_request_count", "tgi_request_success", "tgi_request_duration_count")
    before = [server.metric(name) for name in names]
    assert server.post(path, body).status_code == 200
    assert [server.metric(name) for name in names] == [value + 1 for value in before]


def test_metrics_have_tgis_names_and_types(server: ModelServer) -> None:
    text = server.get("/metrics").text
    types = dict(line.split()[2:] for line in text.splitlines() if line.startswith("# TYPE"))
    assert types["tgi_request_count"] == types["tgi_request_success"] == types["tgi_request_failure"] == "counter"
    assert types["tgi_queue_size"] == types["tgi_batch_current_size"] == "gauge"
    for name in ("duration", "validation_duration", "queue_duration", "inference_duration", "generated_tokens"):
        assert types[f"tgi_request_{name}"] == "histogram"
    assert 'tgi_request_input_length_bucket{le="10.23"}' in text, "a hundredth of max_input_tokens"


def test_the_description_works_without_a_network(server: ModelServer) -> None:
    page = server.get("/docs")
    assert page.status_code == 200
    assert "http" not in page.text, "no asset comes from elsewhere"
    assert server.get("/docs/swagger-ui-bundle.js").status_code == 200
    assert server.get("/docs/swagger-ui.css").status_code == 200
    document = server.get("/api-doc/openapi.json").json()
    assert {"/generate", "/v1/chat/completions", "/info"} <= document["paths"].keys()
    assert json.dumps(document).count("#/components/schemas/GenerateRequest") == 3


def test_info_tells_the_limits(server: ModelServer) -> None:
    info = server.get("/info").json()
    assert (info["max_total_tokens"], info["max_input_tokens"], info["max_stop_sequences"]) == (1024, 1023, 4)
    assert server.get("/ping").content == server.get("/").content == b""


def leaves_after_the_first_event(server: ModelServer, path: str, body: dict[str, Any]) -> None:
    with server.client() as client, client.stream("POST", path, json=body) as answer:
        next(answer.iter_bytes())


@pytest.mark.parametrize("path", ["/generate_stream", "/v1/chat/completions", "/v1/completions"])
def test_a_stream_whose_client_left_is_cancelled(server: ModelServer, path: str) -> None:
    before = server.metric(DROPPED), server.metric("tgi_request_success")
    # The grammar has no end, so only a cancel gives the slot back before a thousand tokens are written.
    endless = {"type": "regex", "value": "([a-z]+ )*[0-9]{2000}"}
    body: dict[str, Any] = {
        "/generate_stream": {"inputs": "x", "parameters": {"max_new_tokens": 1000, "grammar": endless}},
        "/v1/chat/completions": {"messages": [{"role": "user", "content": "x"}], "response_format": endless},
        "/v1/completions": {"prompt": ["Count: 1 2 3", "Count: 4 5 6"], "max_tokens": 1000},
    }[path]
    leaves_after_the_first_event(server, path, {**body, "stream": True})
    eventually(lambda: server.metric("tgi_batch_current_size") == 0, "the slot is free again")
    assert server.metric(DROPPED) > before[0]
    assert server.metric("tgi_request_success") == before[1]


def test_a_plain_request_whose_client_left_is_cancelled_during_its_prompt(server: ModelServer) -> None:
    before = server.metric(DROPPED)
    body = {"inputs": LONG, "parameters": {"max_new_tokens": 100}}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/generate", json=body, timeout=httpx.Timeout(30, read=0.2))
    eventually(lambda: server.metric("tgi_batch_current_size") == 0, "the slot is free again")
    assert server.metric(DROPPED) == before + 1


def test_no_web_page_of_another_origin_is_let_in(server: ModelServer) -> None:
    preflight = {"origin": "https://example.org", "access-control-request-method": "POST"}
    for answer in (
        httpx.options(f"{server.url}/generate", headers=preflight),
        httpx.get(f"{server.url}/info", headers={"origin": "https://example.org"}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]
