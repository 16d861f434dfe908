from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from doubles.tgi import TgiDouble, tgi_double

from llmctl.serving.client import DEFAULT_SYSTEM_MESSAGE, Answer, Endpoint, Message, warm_up
from llmctl.serving.errors import (
    EndpointDenied,
    EndpointError,
    EndpointOverloaded,
    EndpointUnreachable,
    RequestRefused,
)

QUESTION: list[Message] = [{"role": "user", "content": "What is the capital of France?"}]
TOKEN = "hf_" + "t0ken" * 6
KEY = "k3y-" + "s3cret" * 4


@pytest.fixture
def tgi() -> Iterator[TgiDouble]:
    with tgi_double() as double:
        double.answers("The capital is Paris.")
        yield double


@pytest.fixture
def endpoint(tgi: TgiDouble) -> Endpoint:
    return Endpoint(tgi.url, None)


def test_an_answer_has_the_text_and_the_tokens_the_server_counted(endpoint: Endpoint) -> None:
    answer = endpoint.answer(QUESTION)
    assert (answer.text, answer.generated_tokens) == ("The capital is Paris.", 4)
    assert answer.seconds > 0


def test_a_stream_gives_the_pieces_and_then_the_whole_answer(endpoint: Endpoint) -> None:
    stream = endpoint.stream(QUESTION)
    assert list(stream) == ["The", " capital", " is", " Paris."]
    assert (stream.answer.text, stream.answer.generated_tokens) == ("The capital is Paris.", 4)


def test_an_answer_is_not_known_before_its_stream_is_read(endpoint: Endpoint) -> None:
    stream = endpoint.stream(QUESTION)
    next(stream)
    with pytest.raises(ValueError, match="read to its end"):
        _ = stream.answer


def test_questions_are_greedy_and_bounded_unless_asked_otherwise(tgi: TgiDouble, endpoint: Endpoint) -> None:
    endpoint.answer(QUESTION)
    list(endpoint.stream(QUESTION, max_tokens=7, temperature=0.5))
    sent = [(body["temperature"], body["max_tokens"]) for body in tgi.bodies]
    assert sent == [(0.0, 512), (0.5, 7)]
    assert tgi.bodies[1]["stream_options"] == {"include_usage": True}


def test_the_token_of_this_machine_is_never_sent(
    tgi: TgiDouble, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    endpoint.answer(QUESTION)
    list(endpoint.stream(QUESTION))
    Endpoint(tgi.url, "").answer(QUESTION)
    assert tgi.authorizations == ["Bearer -"] * 3


def test_the_key_opens_the_endpoint(tgi: TgiDouble) -> None:
    tgi.requires_key(KEY)
    assert Endpoint(tgi.url, KEY).answer(QUESTION).text


@pytest.mark.parametrize("ask", ["answer", "stream"])
class TestWhatCanGoWrong:
    def fails(self, endpoint: Endpoint, ask: str) -> EndpointError:
        with pytest.raises(EndpointError) as failure:
            list(getattr(endpoint, ask)(QUESTION))
        return failure.value

    def test_a_wrong_key_is_named_but_not_shown(self, tgi: TgiDouble, ask: str) -> None:
        tgi.requires_key("another")
        error = self.fails(Endpoint(tgi.url, KEY), ask)
        assert isinstance(error, EndpointDenied)
        assert str(error) == f"{tgi.url} wants another API key (401)."
        assert KEY not in f"{error!r} {error.__cause__!r} {error.__cause__}"

    def test_overload_is_worth_another_try(self, tgi: TgiDouble, endpoint: Endpoint, ask: str) -> None:
        tgi.is_overloaded()
        assert isinstance(self.fails(endpoint, ask), EndpointOverloaded)

    def test_a_refused_request_repeats_the_server_s_reason(self, tgi: TgiDouble, endpoint: Endpoint, ask: str) -> None:
        tgi.refuses("`inputs` must have less than 1023 tokens. Given: 2000")
        error = self.fails(endpoint, ask)
        assert isinstance(error, RequestRefused)
        assert "less than 1023 tokens. Given: 2000" in str(error)

    def test_a_refusal_may_be_plain_text(self, tgi: TgiDouble, endpoint: Endpoint, ask: str) -> None:
        tgi.refuses_in_plain_text("Failed to deserialize the JSON body into the target type")
        error = self.fails(endpoint, ask)
        assert isinstance(error, RequestRefused)
        assert "Failed to deserialize" in str(error)

    def test_a_failed_generation_is_named(self, tgi: TgiDouble, endpoint: Endpoint, ask: str) -> None:
        tgi.fails("out of memory")
        assert "Request failed during generation: out of memory" in str(self.fails(endpoint, ask))

    def test_nothing_there_says_where_and_what_to_do(self, ask: str) -> None:
        with tgi_double() as gone:
            url = gone.url
        error = self.fails(Endpoint(url, None), ask)
        assert isinstance(error, EndpointUnreachable)
        assert str(error) == f"Nothing answers at {url}. Is the stack up? See: llmctl status"

    def test_an_answer_that_is_no_chat_completion(self, tgi: TgiDouble, ask: str) -> None:
        assert "404" in str(self.fails(Endpoint(f"{tgi.url}/elsewhere", None), ask))


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Model is overloaded", EndpointOverloaded),
        ("Input validation error: `inputs` must have less than 9 tokens.", RequestRefused),
        ("Request failed during generation: out of memory", EndpointError),
    ],
)
def test_an_error_event_in_a_stream_is_told_by_its_words(
    tgi: TgiDouble, endpoint: Endpoint, message: str, kind: type[EndpointError]
) -> None:
    tgi.fails_in_the_stream(message, after=2)
    stream = endpoint.stream(QUESTION)
    assert [next(stream), next(stream)] == ["The", " capital"]
    with pytest.raises(EndpointError) as failure:
        next(stream)
    assert type(failure.value) is kind
    assert message in str(failure.value)


def test_a_stream_that_breaks_off_is_no_answer(tgi: TgiDouble, endpoint: Endpoint) -> None:
    tgi.breaks_off_after(2)
    with pytest.raises(EndpointError, match="stopped in the middle"):
        list(endpoint.stream(QUESTION))


def test_health_is_200_and_nothing_else(tgi: TgiDouble, endpoint: Endpoint) -> None:
    assert endpoint.is_healthy()
    tgi.is_unhealthy()
    assert not endpoint.is_healthy()


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HF_HUB_OFFLINE"])
def test_neither_a_proxy_nor_an_offline_hub_stands_between_us_and_our_own_machine(
    tgi: TgiDouble, variable: str
) -> None:
    tgi.answers("Hello there.")
    program = f"from llmctl.serving.client import Endpoint, warm_up; e = Endpoint({tgi.url!r}, None)"
    program += "; print(e.is_healthy(), warm_up(e).text)"
    value = "1" if variable == "HF_HUB_OFFLINE" else "http://127.0.0.1:9"
    environ = {**os.environ, variable: value}
    ran = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("True Hello there.\n", "")


def test_a_server_that_is_not_there_is_not_healthy() -> None:
    with tgi_double() as gone:
        url = gone.url
    assert not Endpoint(url, None).is_healthy()


def test_the_warm_up_is_one_real_completion_with_the_default_system_message(tgi: TgiDouble, endpoint: Endpoint) -> None:
    assert warm_up(endpoint).text == "The capital is Paris."
    assert tgi.bodies[0]["messages"][0] == {"role": "system", "content": DEFAULT_SYSTEM_MESSAGE}


def test_a_warm_up_without_text_fails(tgi: TgiDouble, endpoint: Endpoint) -> None:
    tgi.answers("")
    with pytest.raises(EndpointError, match="without any text"):
        warm_up(endpoint)


def test_tokens_per_second_come_from_the_server_s_count() -> None:
    assert Answer("Paris.", generated_tokens=10, seconds=2.0).tokens_per_second == 5.0


def test_importing_the_client_imports_no_huggingface_hub() -> None:
    program = "import sys, llmctl.serving.client; sys.exit('huggingface_hub' in sys.modules or 'httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
