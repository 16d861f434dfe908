"""Start, limits and stop of the server process, each with a server of its own."""

from __future__ import annotations

import socket
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from drivers.eventually import PATIENCE_S, eventually
from drivers.model_server import ModelServer, embedded_model, events_in

Starts = Callable[..., ModelServer]

KEY = "-".join(["sk", "a" * 12, "B" * 12])
SMALL = ("--max-total-tokens", "512", "--max-batch-size", "1")


@pytest.fixture
def starts(tmp_path: Path) -> Iterator[Starts]:
    running: list[ModelServer] = []

    def start(*flags: str, model: Path | None = None, env: dict[str, str] | None = None) -> ModelServer:
        log = tmp_path / f"log-{len(running)}"
        running.append(ModelServer(log, *flags, model=model, env=env))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def one_line(server: ModelServer) -> str:
    """What the server itself said last; llama.cpp may have written before."""
    return server.log().splitlines()[-1]


def test_the_key_is_asked_for_where_tgi_asks_and_case_counts(starts: Starts, tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(KEY + "\n", encoding="utf-8")
    server = starts(*SMALL, "--api-key-file", str(key_file)).wait_until_ready()
    asked = {"inputs": "x", "parameters": {"max_new_tokens": 1}}
    for path in ("/", "/generate", "/generate_stream", "/v1/chat/completions", "/v1/completions", "/tokenize"):
        for wrong in (None, "wrong", KEY.lower()):
            refused = server.post(path, asked, key=wrong)
            assert (refused.status_code, refused.content) == (401, b""), path
    assert server.post("/generate", asked, key=KEY).status_code == 200
    for path in ("/", "/health", "/info", "/metrics", "/v1/models", "/docs"):
        assert server.get(path).status_code == 200, path
    assert server.post("/chat_tokenize", {"messages": [{"role": "user", "content": "x"}]}).status_code == 200
    assert KEY not in server.log()
    assert KEY.encode() not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()


def test_more_requests_than_the_limit_are_turned_away(starts: Starts) -> None:
    server = starts(*SMALL, "--max-concurrent-requests", "1", env={"API_KEY": KEY}).wait_until_ready()
    endless = {"type": "regex", "value": "([a-z]+ )*[0-9]{2000}"}
    long = {"inputs": "x", "parameters": {"max_new_tokens": 500, "grammar": endless}}
    headers = {"authorization": f"Bearer {KEY}"}
    with (
        httpx.Client(base_url=server.url, headers=headers, timeout=PATIENCE_S) as client,
        client.stream("POST", "/generate_stream", json=long) as running,
    ):
        first = running.iter_bytes()  # kept: httpx hangs up when it is collected
        next(first)
        plain = server.post("/generate", {"inputs": "x"}, key=KEY)
        stream = server.post("/generate_stream", {"inputs": "x"}, key=KEY)
        chat = {"messages": [{"role": "user", "content": "x"}], "stream": True}
        chat_stream = server.post("/v1/chat/completions", chat, key=KEY)
    overloaded = {"error": "Model is overloaded", "error_type": "overloaded"}
    assert (plain.status_code, plain.json()) == (429, overloaded)
    assert (stream.status_code, list(events_in(stream.text))) == (200, [overloaded])
    error = {"error": {"message": "Model is overloaded", "http_status_code": 422}}
    assert list(events_in(chat_stream.text)) == [error, "[DONE]"]
    assert server.metric('tgi_request_failure{err="overloaded"}') == 3


def test_a_waiting_request_starts_when_the_slot_is_free(starts: Starts) -> None:
    server = starts(*SMALL).wait_until_ready()
    answers: list[int] = []
    body = {"inputs": "x", "parameters": {"max_new_tokens": 20}}
    threads = [
        threading.Thread(target=lambda: answers.append(server.post("/generate", body).status_code)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200, 200, 200]
    assert server.metric("tgi_queue_size") == 0


def test_nothing_listens_before_the_model_is_warm_and_nothing_public_but_the_port(
    starts: Starts, tmp_path: Path
) -> None:
    server = starts(*SMALL, "--runtime-dir", str(tmp_path / "run"))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health")
    server.wait_until_ready()
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700
    listening = [line.split()[1] for line in Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()[1:]]
    assert f"0100007F:{server.port:04X}" in listening, "reading /proc works"
    assert sockets_of(server.process.pid) == {server.port}


def sockets_of(pid: int) -> set[int]:
    """TCP ports that the process listens on."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = str(entry.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = (row.split() for row in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:])
    return {int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and row[9] in inodes}


def test_the_inner_socket_wants_a_key_that_nobody_has(starts: Starts, tmp_path: Path) -> None:
    starts(*SMALL, "--runtime-dir", str(tmp_path / "run")).wait_until_ready()
    transport = httpx.HTTPTransport(uds=str(tmp_path / "run" / "llama.sock"))
    with httpx.Client(transport=transport, base_url="http://inner") as inner:
        assert inner.post("/tokenize", json={"content": "x"}).status_code == 401


def test_what_a_killed_server_left_is_no_hindrance(starts: Starts, tmp_path: Path) -> None:
    place = tmp_path / "run"
    starts(*SMALL, "--runtime-dir", str(place)).wait_until_ready().stop()
    assert (place / "llama.sock").exists(), "kill -9 leaves the socket behind"
    starts(*SMALL, "--runtime-dir", str(place)).wait_until_ready()


def test_a_taken_port_is_one_line_and_exit_1(starts: Starts) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        server = starts("--port", port)
        assert server.exit_code() == 1
    assert len(server.log().splitlines()) == 1
    assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in server.log()


@pytest.mark.parametrize("kind", ["missing", "no GGUF", "cut off"])
def test_a_model_that_cannot_be_loaded_is_exit_1_with_a_reason(starts: Starts, tmp_path: Path, kind: str) -> None:
    model = tmp_path / "model.gguf"
    if kind == "no GGUF":
        model.write_bytes(b"not a model")
    if kind == "cut off":
        model.write_bytes(embedded_model().read_bytes()[:1_000_000])
    server = starts(model=model)
    assert server.exit_code() == 1
    assert str(model) in one_line(server)
    assert "Traceback" not in server.log()


def test_a_context_larger_than_the_models_is_a_wrong_flag(starts: Starts) -> None:
    server = starts("--max-total-tokens", "9000", "--max-batch-size", "1")
    assert server.exit_code() == 2
    assert "--max-total-tokens is 9000; this model allows up to 8192" in one_line(server)


def test_a_wrong_flag_is_one_line_and_exit_2(starts: Starts) -> None:
    server = starts("--max-batch-size", "0")
    assert server.exit_code() == 2
    assert server.log().splitlines()[0].endswith("--max-batch-size is 0; allowed is 1 or more")


def test_sigterm_lets_a_running_stream_finish_and_takes_no_new_connection(starts: Starts, tmp_path: Path) -> None:
    server = starts(*SMALL, env={"TMPDIR": str(tmp_path)}).wait_until_ready()
    assert [path.name[:7] for path in tmp_path.glob("llmctl-*")] == ["llmctl-"]
    body = {"inputs": "Once upon a time", "parameters": {"max_new_tokens": 40, "details": True}}
    with server.client() as client, client.stream("POST", "/generate_stream", json=body) as answer:
        text = answer.iter_text()
        received = next(text)
        server.signalled()
        eventually(lambda: not listens(server.port), "new connections are refused")
        received += "".join(text)
    assert list(events_in(received))[-1]["details"] is not None
    assert server.exit_code() == 0
    assert list(tmp_path.glob("llmctl-*")) == [], "the private directory is gone"


def test_sigterm_while_the_model_loads_ends_at_once_and_leaves_nothing(starts: Starts, tmp_path: Path) -> None:
    server = starts(*SMALL, env={"TMPDIR": str(tmp_path)})
    eventually(lambda: bool(list(tmp_path.glob("llmctl-*"))), "the private directory is made")
    server.signalled()
    assert server.exit_code() == 0
    assert list(tmp_path.glob("llmctl-*")) == []


def test_a_second_sigterm_ends_at_once(starts: Starts, tmp_path: Path) -> None:
    server = starts(*SMALL, env={"TMPDIR": str(tmp_path)}).wait_until_ready()
    endless = {"type": "regex", "value": "([a-z]+ )*[0-9]{2000}"}
    body = {"inputs": "x", "parameters": {"max_new_tokens": 500, "grammar": endless}}
    with server.client() as client, client.stream("POST", "/generate_stream", json=body) as answer:
        first = answer.iter_text()  # kept: httpx hangs up when it is collected
        next(first)
        server.signalled()
        eventually(lambda: "finishing running requests" in server.log(), "the first signal is seen")
        server.signalled()
        assert server.exit_code() == 1
    assert "requests were cut off" in server.log()
    assert list(tmp_path.glob("llmctl-*")) == []


def test_the_grace_period_ends_what_does_not(starts: Starts) -> None:
    server = starts(*SMALL, "--graceful-termination-timeout", "0").wait_until_ready()
    endless = {"type": "regex", "value": "([a-z]+ )*[0-9]{2000}"}
    body = {"inputs": "x", "parameters": {"max_new_tokens": 500, "grammar": endless}}
    with server.client() as client, client.stream("POST", "/generate_stream", json=body) as answer:
        first = answer.iter_text()  # kept: httpx hangs up when it is collected
        next(first)
        server.signalled()
        assert server.exit_code() == 1


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S).close()
    except ConnectionRefusedError:
        return False
    return True


def test_no_prompt_reaches_the_log(starts: Starts) -> None:
    server = starts(*SMALL).wait_until_ready()
    private = "xylophone-quince"
    server.post("/generate", {"inputs": private, "parameters": {"max_new_tokens": 2}})
    server.post("/generate", {"inputs": private, "parameters": {"max_new_tokens": 2, "temperature": -1}})
    server.post("/generate", {"inputs": private, "parameters": private})
    server.signalled()
    assert server.exit_code() == 0
    assert "xylophone" not in server.log()
