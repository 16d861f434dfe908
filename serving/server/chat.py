"""/v1/chat/completions: OpenAI's chat, as TGI answers it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from llmctl.serving.server import tools
from llmctl.serving.server.engine import Engine, EngineFailed
from llmctl.serving.server.errors import RequestFailed, TemplateFailed, ValidationFailed
from llmctl.serving.server.inference import Inference, Prompt
from llmctl.serving.server.schemas import ChatRequest, GenerateParameters, ImagePart, Message
from llmctl.serving.server.sse import DONE, event
from llmctl.serving.server.steps import End, Generation, Step, Token


@dataclass(frozen=True)
class Served:
    """What every OpenAI answer repeats."""

    model_id: str
    fingerprint: str

    def head(self, kind: str, model: str | None = None) -> dict[str, Any]:
        # TGI's id is always empty, and it echoes any model name but its own.
        named = self.model_id if model in (None, "tgi") else model
        return {
            "object": kind,
            "id": "",
            "created": int(time.time()),
            "model": named,
            "system_fingerprint": self.fingerprint,
        }


@dataclass(frozen=True)
class Plan:
    """A chat turned into a generation."""

    prompt: Prompt
    parameters: GenerateParameters
    using_tools: bool


async def planned(chat: ChatRequest, engine: Engine, *, template_has_tools: bool, with_tools: bool = True) -> Plan:
    """Template applied, grammar chosen. Raises ToolFailed, TemplateFailed, ValidationFailed (images)."""
    chosen = tools.offered(chat) if with_tools else []
    grammar = tools.grammar(chosen) if chosen else (chat.response_format if with_tools else None)
    messages = [_plain(message) for message in chat.messages]
    if chosen and messages:
        told = f"\n---\n{chat.tool_prompt or tools.DEFAULT_PROMPT}" if template_has_tools else None
        messages[-1]["content"] += told or tools.described(chosen, chat.tool_prompt)
    in_template = [tools.as_json(tool) for tool in chosen] if template_has_tools else []
    try:
        text = await engine.apply_template(messages, in_template)
    except EngineFailed as failure:
        raise TemplateFailed(str(failure)) from failure
    return Plan(Prompt(text, add_special_tokens=False), _parameters(chat, grammar), bool(chosen))


def _parameters(chat: ChatRequest, grammar: Any) -> GenerateParameters:
    greedy = chat.temperature == 0
    return GenerateParameters(
        temperature=None if greedy else chat.temperature,
        do_sample=not greedy,
        # TGI adds 2 to a penalty between -2 and 2 (fact 16). Kept: the same body gives the same text.
        repetition_penalty=None if chat.presence_penalty is None else chat.presence_penalty + 2.0,
        frequency_penalty=chat.frequency_penalty,
        top_p=chat.top_p,
        max_new_tokens=chat.max_tokens,
        stop=chat.stop or [],
        details=True,
        seed=chat.seed,
        top_n_tokens=chat.top_logprobs,
        grammar=grammar,
    )


def _plain(message: Message) -> dict[str, Any]:
    """Role and one string, as TGI hands messages to the template. Raises ValidationFailed for an image."""
    if message.content is None:
        calls = [call.model_dump(by_alias=True) for call in message.tool_calls or ()]
        return {"role": message.role, "content": to_json(calls).decode()}
    if isinstance(message.content, str):
        return {"role": message.role, "content": message.content}
    if any(isinstance(part, ImagePart) for part in message.content):
        raise ValidationFailed("image modality is not supported")
    return {"role": message.role, "content": "".join(part.text for part in message.content if part.type == "text")}


@dataclass(frozen=True)
class Chat:
    """Answers one chat request."""

    inference: Inference
    served: Served
    template_has_tools: bool
    request: ChatRequest
    arrived: float

    async def plan(self, *, with_tools: bool = True) -> Plan:
        with self.inference.metrics.failures():
            return await planned(
                self.request, self.inference.engine, template_has_tools=self.template_has_tools, with_tools=with_tools
            )

    async def answer(self, plan: Plan) -> tuple[dict[str, Any], Generation]:
        """The whole answer. A `no_tool` makes a second generation, without tools, as in TGI."""
        run = await self._run(plan)
        call = tools.call_in(run.end.text) if plan.using_tools else None
        if plan.using_tools and call is None:
            plain = await self.plan(with_tools=False)
            run = await self._run(plain)
        message = {"role": "assistant", "content": run.end.text} if call is None else _called(call)
        logprobs = logprobs_of(run.steps) if self.request.logprobs else None
        choice = {
            "index": 0,
            "message": message,
            "logprobs": logprobs,
            "finish_reason": openai_reason(run.end),
        }
        head = self.served.head("chat.completion", self.request.model)
        return {**head, "choices": [choice], "usage": usage(run.end)}, run

    async def _run(self, plan: Plan) -> Generation:
        logprobs = bool(self.request.logprobs)
        return (await self.inference.run(plan.prompt, plan.parameters, self.arrived, logprobs=logprobs))[0]

    def _stream(self, plan: Plan) -> AsyncGenerator[Step, None]:
        logprobs = bool(self.request.logprobs)
        return self.inference.stream(plan.prompt, plan.parameters, self.arrived, logprobs=logprobs)

    async def events(self, plan: Plan) -> AsyncGenerator[bytes, None]:
        """The stream, ending in [DONE] even after an error, as in TGI."""
        try:
            if plan.using_tools:
                async for data in self._tool_events(plan):
                    yield data
            else:
                async for data in self._text_events(plan):
                    yield data
        except RequestFailed as failure:
            yield event(failure.as_openai_event())
        yield DONE

    async def _text_events(self, plan: Plan) -> AsyncGenerator[bytes, None]:
        head = self.served.head("chat.completion.chunk", self.request.model)
        async with aclosing(self._stream(plan)) as steps:
            async for step in steps:
                content = "" if step.token.special else step.token.text
                delta = {"role": "assistant", "content": content}
                yield self._chunk(head, delta, step)
                if step.end is not None and self.request.stream_options.include_usage:
                    yield event({**head, "choices": [], "usage": usage(step.end)})

    async def _tool_events(self, plan: Plan) -> AsyncGenerator[bytes, None]:
        """A call is sent when it is whole: half a JSON object is of no use to anybody, and TGI's cuts were wrong."""
        async with aclosing(self._stream(plan)) as steps:
            last = [step async for step in steps][-1]
        call = tools.call_in(last.end.text) if last.end else None
        if call is None:
            async for data in self._text_events(await self.plan(with_tools=False)):
                yield data
            return
        head = self.served.head("chat.completion.chunk", self.request.model)
        function = {"name": call.name, "arguments": call.arguments}
        id_ = tools.next_call_id(self.request)
        delta = {
            "role": "assistant",
            "tool_calls": [{"index": 0, "id": id_, "type": "function", "function": function}],
        }
        yield self._chunk(head, delta, last)
        if last.end is not None and self.request.stream_options.include_usage:
            yield event({**head, "choices": [], "usage": usage(last.end)})

    def _chunk(self, head: dict[str, Any], delta: dict[str, Any], step: Step) -> bytes:
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": logprobs_of((step,)) if self.request.logprobs else None,
            "finish_reason": None if step.end is None else openai_reason(step.end),
        }
        return event({**head, "choices": [choice], "usage": None})


def _called(call: tools.Call) -> dict[str, Any]:
    function = {"name": call.name, "arguments": call.arguments, "description": None}
    return {"role": "assistant", "tool_calls": [{"id": "0", "type": "function", "function": function}]}


def openai_reason(end: End) -> str:
    return "stop" if end.finish_reason == "eos_token" else end.finish_reason


def usage(*ends: End) -> dict[str, int]:
    prompt, completion = sum(end.input_tokens for end in ends), sum(end.generated_tokens for end in ends)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def logprobs_of(steps: tuple[Step, ...]) -> dict[str, Any]:
    def shown(token: Token) -> dict[str, Any]:
        return {"token": token.text, "logprob": token.logprob}

    content = [{**shown(step.token), "top_logprobs": [shown(top) for top in step.top_tokens]} for step in steps]
    return {"content": content}
