"""llama.cpp in this process: tokens as an async stream, continuous batching, cancellation.

xllamacpp's server object always opens an HTTP server of its own. Here it listens on a unix socket in a directory of
mode 0700 and wants a random key; tokenizer and chat template are reached through it, generations are not.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import xllamacpp

from llmctl.serving.server.settings import Settings
from llmctl.serving.server.tokens import Vocabulary


class EngineFailed(Exception):
    """llama.cpp refused or failed; the message is its own."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One token, and before it the `position - previous position - 1` tokens that llama.cpp kept back."""

    id: int | None
    """None where no log probabilities were asked for: llama.cpp tells ids only with them."""
    data: bytes
    """Bytes of this token and of those kept back."""
    logprob: float | None
    top: tuple[tuple[int, float], ...]
    """The most likely tokens here, best first: id and log probability."""
    position: int
    """1 for the first generated token."""


@dataclass(frozen=True, slots=True)
class Prefill:
    """A batch of the prompt is through; the request has a slot."""


@dataclass(frozen=True, slots=True)
class Finished:
    at_limit: bool
    """The token limit ended it, not an end-of-sequence token."""
    generated: int


Event = Sampled | Prefill | Finished | EngineFailed

_WORKING = Prefill()


class Engine:
    """A loaded model. `start` blocks until it is loaded; `close` frees it."""

    def __init__(self, server: xllamacpp.Server, http: httpx.AsyncClient, slots: int) -> None:
        self._server = server
        self._http = http
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="generation")

    @classmethod
    def start(cls, settings: Settings, socket: Path) -> Engine:
        """Load the model. Raises EngineFailed; llama.cpp tells the reason on stderr only."""
        key = secrets.token_hex(32)
        try:
            server = xllamacpp.Server(_parameters(settings, socket, key))
        except RuntimeError as error:
            raise EngineFailed(
                f"llama.cpp cannot load {settings.model_file}; its reason is in the lines above. "
                "Check that the file is there, whole, a GGUF, and that it fits into memory"
            ) from error
        http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(socket)),
            base_url="http://llama.cpp",
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        )
        return cls(server, http, settings.max_batch_size)

    async def close(self) -> None:
        await self._http.aclose()
        self._threads.shutdown()
        del self._server

    async def healthy(self, timeout: float) -> bool:
        try:
            answer = await self._http.get("/health", timeout=timeout)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200

    async def tokenize(self, text: str, *, add_special: bool) -> list[int]:
        body = {"content": text, "add_special": add_special, "parse_special": True}
        return list((await self._post("/tokenize", body))["tokens"])

    async def apply_template(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Any] = ()) -> str:
        body = {"messages": messages, **({"tools": tools} if tools else {})}
        return str((await self._post("/apply-template", body))["prompt"])

    async def properties(self) -> dict[str, Any]:
        answer = await self._http.get("/props")
        return dict(answer.json())

    async def vocabulary(self) -> Vocabulary:
        """Every token's bytes, read with a one-token generation that reports the whole vocabulary.

        It is the warm-up as well: after it the compute graphs are built and the memory is touched.
        """
        models = (await self._http.get("/v1/models")).json()
        size = models["data"][0]["meta"]["n_vocab"]
        body = {"prompt": [0], "max_tokens": 1, "n_probs": size, "temperature": 0}
        pieces = [b""] * size
        async for chunk in self._chunks(body):
            for entry in _top(chunk):
                pieces[entry["id"]] = bytes(entry["bytes"])
        return Vocabulary(pieces, await self._names([id_ for id_, piece in enumerate(pieces) if not piece]))

    async def _names(self, ids: Sequence[int]) -> dict[int, str]:
        names = [self._post("/detokenize", {"tokens": [id_]}) for id_ in ids[:1000]]
        return {id_: str((await name)["content"]) for id_, name in zip(ids, names, strict=False)}

    async def generate(self, body: Mapping[str, Any]) -> AsyncGenerator[Event, None]:
        """Tokens of one completion; closing the generator cancels it at the next token or prompt batch.

        The generator ends only when llama.cpp has let go of the request, so that its slot is really free.
        Raises EngineFailed.
        """
        # Closed here and now: left to the garbage collector, the slot would still be busy when this has ended.
        async with aclosing(self._chunks({**body, "timings_per_token": True, "return_progress": True})) as chunks:
            async for chunk in chunks:
                event = _event(chunk)
                if isinstance(event, EngineFailed):
                    raise event
                yield event

    async def _chunks(self, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        cancelled = False

        def on_chunk(chunk: str | dict[str, Any]) -> bool:
            # An exception in here is swallowed by xllamacpp, so nothing is done here that could raise.
            if not cancelled:
                parsed = json.loads(chunk) if isinstance(chunk, str) else chunk
                loop.call_soon_threadsafe(queue.put_nowait, parsed)
            return cancelled

        # A call without `stream` could not be cancelled, so there is none.
        wire = json.dumps({**body, "stream": True})
        running = self._threads.submit(self._server.handle_completions, wire, on_chunk)
        running.add_done_callback(lambda _: loop.call_soon_threadsafe(queue.put_nowait, None))
        try:
            while (chunk := await queue.get()) is not None:
                yield chunk
        finally:
            cancelled = True
            await _end_of(running)

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            parsed = dict((await self._http.post(path, json=body)).json())
        except httpx.HTTPError as error:
            raise EngineFailed(f"llama.cpp does not answer {path}: {type(error).__name__}") from error
        if "error" in parsed:
            raise EngineFailed(parsed["error"]["message"])
        return parsed


async def _end_of(running: Future[Any]) -> None:
    """Wait for the thread, even if the task that waits is cancelled again: its slot is not free before."""
    finished = asyncio.wrap_future(running)
    interrupted: asyncio.CancelledError | None = None
    while not finished.done():
        try:
            await asyncio.shield(finished)
        except asyncio.CancelledError as error:
            interrupted = error
    if interrupted is not None:
        raise interrupted


def _parameters(settings: Settings, socket: Path, key: str) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(settings.model_file)
    parameters.hostnames = [str(socket)]
    parameters.api_keys = [key]
    parameters.ui = False
    parameters.n_parallel = settings.max_batch_size
    # One token more than TGI's limit, since llama.cpp stops one short of a full context.
    parameters.n_ctx = settings.max_batch_size * (settings.max_total_tokens + 1)
    parameters.n_batch = parameters.n_ubatch = settings.max_batch_prefill_tokens
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = settings.usable_threads
    parameters.cache_ram_mib = 0  # old prompts would otherwise be kept in up to 8 GiB of main memory
    parameters.verbosity = 1  # errors only; more would put prompts into the log
    return parameters


def _event(chunk: dict[str, Any]) -> Event:
    if "error" in chunk:
        return EngineFailed(str(chunk["error"].get("message", chunk["error"])))
    choice = chunk["choices"][0]
    if choice["finish_reason"] is not None:
        return Finished(choice["finish_reason"] == "length", chunk["usage"]["completion_tokens"])
    if "prompt_progress" in chunk:
        return _WORKING
    position = chunk["timings"]["predicted_n"]
    if not choice["logprobs"]:
        return Sampled(None, choice["text"].encode(), None, (), position)
    token = choice["logprobs"]["content"][0]
    top = tuple((entry["id"], entry["logprob"]) for entry in token["top_logprobs"])
    return Sampled(token["id"], bytes(token["bytes"]), token["logprob"], top, position)


def _top(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    if "error" in chunk:
        raise EngineFailed(str(chunk["error"].get("message", chunk["error"])))
    content = (chunk["choices"][0]["logprobs"] or {}).get("content") or [{"top_logprobs": []}]
    return list(content[0]["top_logprobs"])
