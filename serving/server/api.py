"""What each route does: read a body, call one function, answer in TGI's shape."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from llmctl.serving.server import answers
from llmctl.serving.server.body import parsed, read_json, unknown_fields
from llmctl.serving.server.chat import Chat, Served, planned
from llmctl.serving.server.completions import Completions, refuse_unserved
from llmctl.serving.server.errors import Rejection, RequestFailed
from llmctl.serving.server.inference import Inference, Prompt
from llmctl.serving.server.schemas import ChatRequest, CompatGenerateRequest, CompletionRequest, GenerateRequest
from llmctl.serving.server.settings import Settings
from llmctl.serving.server.sse import EventStream, event, while_connected
from llmctl.serving.server.tokenizing import tokens_of

B = TypeVar("B", bound=BaseModel)

HEALTH_TIMEOUT_S = 10.0
"""llama.cpp's HTTP threads answer while the model works; one that takes this long is stuck."""


@dataclass(frozen=True)
class Api:
    settings: Settings
    inference: Inference
    served: Served
    template_has_tools: bool
    info: dict[str, Any]

    # --- generation -------------------------------------------------------------------------------------------------

    async def generate(self, request: Request) -> Response:
        return await self._generate(request, await self._read(request, GenerateRequest), wrapped=False)

    async def generate_stream(self, request: Request) -> Response:
        return self._generate_stream(await self._read(request, GenerateRequest))

    async def compat(self, request: Request) -> Response:
        return await self._compat(request, await self._body(request))

    async def _compat(self, request: Request, body: Any) -> Response:
        asked = self._parsed(CompatGenerateRequest, body)
        if asked.parameters.return_full_text is None:
            # TGI's default where it does not know the model's task on the Hub, as here.
            full = asked.parameters.model_copy(update={"return_full_text": True})
            asked = asked.model_copy(update={"parameters": full})
        return self._generate_stream(asked) if asked.stream else await self._generate(request, asked, wrapped=True)

    async def _generate(self, request: Request, asked: GenerateRequest, *, wrapped: bool) -> Response:
        arrived = self._count()
        work = self.inference.run(Prompt(asked.inputs), asked.parameters, arrived, logprobs=asked.parameters.details)
        runs = await while_connected(request, work)
        before = asked.inputs if asked.parameters.return_full_text else ""
        answer = answers.generated(runs, details=asked.parameters.details, before=before)
        headers = answers.headers([runs[0].end], len(asked.inputs))
        return JSONResponse([answer] if wrapped else answer, headers=headers)

    def _generate_stream(self, asked: GenerateRequest) -> Response:
        return EventStream(self._events(asked, self._count()), answers.stream_headers(len(asked.inputs)))

    async def _events(self, asked: GenerateRequest, arrived: float) -> AsyncGenerator[bytes, None]:
        before = asked.inputs if asked.parameters.return_full_text else ""
        index = 0
        try:
            stream = self.inference.stream(Prompt(asked.inputs), asked.parameters, arrived, logprobs=True)
            async with aclosing(stream) as steps:
                async for step in steps:
                    index += 1
                    shown = answers.stream_event(index, step, details=asked.parameters.details, before=before)
                    yield event(shown)
        except RequestFailed as failure:
            yield event(failure.as_json())

    async def chat(self, request: Request) -> Response:
        return await self._chat(request, await self._body(request))

    async def _chat(self, request: Request, body: Any) -> Response:
        asked = self._parsed(ChatRequest, body)
        chat = Chat(self.inference, self.served, self.template_has_tools, asked, self._count())
        plan = await chat.plan()
        characters = len(plan.prompt.text)
        if asked.stream:
            return EventStream(chat.events(plan), answers.stream_headers(characters))
        answer, run = await while_connected(request, chat.answer(plan))
        return JSONResponse(answer, headers=answers.headers([run.end], characters))

    async def completions(self, request: Request) -> Response:
        return await self._completions(request, await self._body(request))

    async def _completions(self, request: Request, body: Any) -> Response:
        asked = self._parsed(CompletionRequest, body)
        arrived = self._count()
        with self.inference.metrics.failures():
            refuse_unserved(asked, self.settings.max_client_batch_size)
        work = Completions(self.inference, self.served, asked, arrived)
        characters = sum(len(prompt) for prompt in asked.prompts)
        if asked.stream:
            return EventStream(work.events(), answers.stream_headers(characters))
        answer, runs = await while_connected(request, work.answer())
        return JSONResponse(answer, headers=answers.headers([run.end for run in runs], characters))

    async def invocations(self, request: Request) -> Response:
        """SageMaker's one route: the body's first field that fits decides what it is."""
        body = await self._body(request)
        fields = body if isinstance(body, dict) else {}
        if "inputs" in fields:
            return await self._compat(request, body)
        if "messages" in fields:
            return await self._chat(request, body)
        if "prompt" in fields:
            return await self._completions(request, body)
        raise Rejection(422, "Failed to deserialize the JSON body into the target type: data did not match any variant")

    # --- tokens -----------------------------------------------------------------------------------------------------

    async def tokenize(self, request: Request) -> Response:
        asked = await self._read(request, GenerateRequest)
        ids = await self.inference.engine.tokenize(asked.inputs, add_special=True)
        kept = ids[-asked.parameters.truncate :] if asked.parameters.truncate else ids
        return JSONResponse(tokens_of(kept, asked.inputs, self.inference.vocabulary))

    async def chat_tokenize(self, request: Request) -> Response:
        asked = await self._read(request, ChatRequest)
        self._count()
        plan = await planned(asked, self.inference.engine, template_has_tools=self.template_has_tools)
        ids = await self.inference.engine.tokenize(plan.prompt.text, add_special=False)
        tokens = tokens_of(ids, plan.prompt.text, self.inference.vocabulary)
        return JSONResponse({"tokenize_response": tokens, "templated_text": plan.prompt.text})

    # --- about the server -------------------------------------------------------------------------------------------

    async def health(self, _: Request) -> Response:
        if await self.inference.engine.healthy(HEALTH_TIMEOUT_S):
            return Response()
        return JSONResponse({"error": "unhealthy", "error_type": "healthcheck"}, status_code=503)

    async def show_info(self, _: Request) -> Response:
        return JSONResponse(self.info)

    async def models(self, _: Request) -> Response:
        model_id = self.settings.model_id
        model = {"id": model_id, "object": "model", "created": 0, "owned_by": model_id}
        return JSONResponse({"object": "list", "data": [model]})

    async def metrics(self, _: Request) -> Response:
        return PlainTextResponse(self.inference.metrics.render())

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _body(self, request: Request) -> Any:
        return await read_json(request, self.settings.payload_limit)

    async def _read(self, request: Request, kind: type[B]) -> B:
        return self._parsed(kind, await self._body(request))

    def _parsed(self, kind: type[B], body: Any) -> B:
        asked = parsed(kind, body)
        self.inference.metrics.unknown_fields.add(unknown_fields(kind, body))
        return asked

    def _count(self) -> float:
        self.inference.metrics.requests.add()
        return time.monotonic()
