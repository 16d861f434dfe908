"""/v1/completions: OpenAI's completions over one or several prompts, as TGI answers them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from llmctl.serving.server.chat import Served, openai_reason, usage
from llmctl.serving.server.errors import NotServed, RequestFailed
from llmctl.serving.server.inference import Inference, Prompt, together
from llmctl.serving.server.schemas import CompletionRequest, GenerateParameters
from llmctl.serving.server.sse import DONE, event
from llmctl.serving.server.steps import Generation, Step


def refuse_unserved(request: CompletionRequest, most: int) -> None:
    """Raises NotServed for a suffix, or for more than `most` prompts."""
    if request.suffix is not None:
        text = "Suffix is not supported and can be achieved by preprocessing the prompt."
        raise NotServed(text, "suffix not supported")
    if len(request.prompts) > most:
        text = f"Number of prompts exceeds the maximum allowed batch size of {most}"
        raise NotServed(text, "batch size exceeded")


def _parameters(request: CompletionRequest) -> GenerateParameters:
    greedy = request.temperature == 0
    return GenerateParameters(
        temperature=None if greedy else request.temperature,
        do_sample=not greedy,
        repetition_penalty=request.repetition_penalty,
        frequency_penalty=request.frequency_penalty,
        top_p=request.top_p,
        max_new_tokens=request.max_tokens,
        stop=request.stop or [],
        details=True,
        seed=request.seed,
    )


@dataclass(frozen=True)
class Completions:
    inference: Inference
    served: Served
    request: CompletionRequest
    arrived: float

    async def answer(self) -> tuple[dict[str, Any], list[Generation]]:
        parameters = _parameters(self.request)
        runs = await together(
            [
                self.inference.run(Prompt(prompt), parameters, self.arrived, logprobs=False)
                for prompt in self.request.prompts
            ]
        )
        done = [run[0] for run in runs]
        choices = [_choice(index, run.end.text, openai_reason(run.end)) for index, run in enumerate(done)]
        head = self.served.head("text_completion")
        return {**head, "choices": choices, "usage": usage(*(run.end for run in done))}, done

    async def events(self) -> AsyncGenerator[bytes, None]:
        """All prompts' tokens as they come, each with its prompt's index; then [DONE]."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        prompts = self.request.prompts
        tasks = [asyncio.create_task(self._follow(index, prompt, queue)) for index, prompt in enumerate(prompts)]
        try:
            for _ in tasks:
                while (data := await queue.get()) is not None:
                    yield data
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        yield DONE

    async def _follow(self, index: int, prompt: str, queue: asyncio.Queue[bytes | None]) -> None:
        head = self.served.head("text_completion")
        stream = self.inference.stream(Prompt(prompt), _parameters(self.request), self.arrived, logprobs=False)
        try:
            async with aclosing(stream) as steps:
                async for step in steps:
                    queue.put_nowait(event({**head, **_stream_part(index, step)}))
        except RequestFailed as failure:
            queue.put_nowait(event(failure.as_openai_event()))
        finally:
            queue.put_nowait(None)


def _stream_part(index: int, step: Step) -> dict[str, Any]:
    text = "" if step.token.special else step.token.text
    if step.end is None:
        return {"choices": [_choice(index, text, "")]}
    # Streams give TGI's own names here, not OpenAI's.
    return {"choices": [_choice(index, text, step.end.finish_reason)], "usage": usage(step.end)}


def _choice(index: int, text: str, finish_reason: str) -> dict[str, Any]:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish_reason}
