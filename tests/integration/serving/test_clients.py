"""The clients people have work unchanged: openai and huggingface_hub."""

from __future__ import annotations

import asyncio

import pytest
from drivers.eventually import PATIENCE_S
from drivers.model_server import ModelServer
from huggingface_hub import InferenceClient
from huggingface_hub.errors import ValidationError
from openai import AsyncOpenAI, OpenAI, UnprocessableEntityError

FRANCE = "The capital of France is"
MESSAGES = [
    {"role": "system", "content": "Answer in one short English sentence."},
    {"role": "user", "content": "What is the capital of France?"},
]


@pytest.fixture
def hub(server: ModelServer) -> InferenceClient:
    # A key is always given: without one this client sends the machine's Hub token to any URL.
    return InferenceClient(server.url, api_key="-", timeout=PATIENCE_S)


def openai(server: ModelServer) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/v1", api_key="-", timeout=PATIENCE_S, max_retries=0)


def test_openai_chat(server: ModelServer) -> None:
    with openai(server) as client:
        answer = client.chat.completions.create(model="tgi", messages=MESSAGES, temperature=0)  # type: ignore[arg-type]
    assert "Paris" in (answer.choices[0].message.content or "")
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 3


def test_openai_chat_stream(server: ModelServer) -> None:
    with openai(server) as client:
        stream = client.chat.completions.create(
            model="tgi",
            messages=MESSAGES,  # type: ignore[arg-type]
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "Paris" in text
    assert chunks[-1].usage is not None


def test_openai_completions(server: ModelServer) -> None:
    with openai(server) as client:
        answer = client.completions.create(model="tgi", prompt=FRANCE, temperature=0, max_tokens=2)
        stream = client.completions.create(model="tgi", prompt=FRANCE, temperature=0, max_tokens=2, stream=True)
        streamed = "".join(chunk.choices[0].text for chunk in stream)
    assert answer.choices[0].text.startswith(" Paris")
    assert streamed == answer.choices[0].text


def test_openai_lists_the_model_and_reports_errors(server: ModelServer) -> None:
    with openai(server) as client:
        (model,) = client.models.list().data
        with pytest.raises(UnprocessableEntityError) as failure:
            client.chat.completions.create(model=model.id, messages=MESSAGES, top_p=1)  # type: ignore[arg-type]
    assert "top_p" in failure.value.response.json()["error"]


def test_hub_text_generation_with_details_and_stream(hub: InferenceClient) -> None:
    asked = {"max_new_tokens": 3, "return_full_text": False}
    text = hub.text_generation(FRANCE, **asked)  # type: ignore[call-overload]
    details = hub.text_generation(FRANCE, details=True, **asked)  # type: ignore[call-overload]
    pieces = list(hub.text_generation(FRANCE, stream=True, **asked))  # type: ignore[call-overload]
    events = list(hub.text_generation(FRANCE, stream=True, details=True, **asked))  # type: ignore[call-overload]
    assert text.startswith(" Paris")
    assert details.generated_text == text
    assert details.details.generated_tokens == 3
    assert "".join(pieces) == text
    assert events[-1].generated_text == text
    assert events[-1].details.input_length == 5


def test_hub_text_generation_errors_are_typed(hub: InferenceClient) -> None:
    for stream in (False, True):
        with pytest.raises(ValidationError, match="strictly positive"):
            list(hub.text_generation(FRANCE, temperature=0.0, stream=stream))  # type: ignore[call-overload]


def test_hub_chat_completion(hub: InferenceClient) -> None:
    answer = hub.chat_completion(MESSAGES, temperature=0)  # type: ignore[arg-type]
    chunks = list(hub.chat_completion(MESSAGES, temperature=0, stream=True))  # type: ignore[arg-type]
    assert "Paris" in (answer.choices[0].message.content or "")
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert streamed == answer.choices[0].message.content


def test_eight_streams_at_once_all_finish(server: ModelServer) -> None:
    async def stream(client: AsyncOpenAI, number: int) -> tuple[str, str | None]:
        asked = [{"role": "user", "content": f"Count up from {number}."}]
        text, reason = "", None
        async for chunk in await client.chat.completions.create(
            model="tgi",
            messages=asked,  # type: ignore[arg-type]
            max_tokens=24,
            stream=True,
        ):
            text += chunk.choices[0].delta.content or ""
            reason = chunk.choices[0].finish_reason
        return text, reason

    async def all_of_them() -> list[tuple[str, str | None]]:
        async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="-", timeout=PATIENCE_S, max_retries=0) as client:
            return await asyncio.gather(*(stream(client, number) for number in range(8)))

    results = asyncio.run(all_of_them())
    assert len(results) == 8
    assert all(text and reason in ("length", "stop") for text, reason in results)
