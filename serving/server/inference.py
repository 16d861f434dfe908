"""One generation from admission to its last token: queue limit, checks, prompt tokens, batching, stops, metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from llmctl.serving.server.engine import Engine, EngineFailed
from llmctl.serving.server.errors import GenerationFailed, IncompleteGeneration, IncompleteStream, ValidationFailed
from llmctl.serving.server.grammar import Grammars
from llmctl.serving.server.limits import Admission, Batch
from llmctl.serving.server.metrics import Metrics
from llmctl.serving.server.sampling import sampling_body
from llmctl.serving.server.schemas import GenerateParameters
from llmctl.serving.server.steps import Generation, Step
from llmctl.serving.server.tokens import StopSearch, Vocabulary
from llmctl.serving.server.validation import Limits, Parameters, checked, new_tokens_allowed
from llmctl.serving.server.writer import Writer

T = TypeVar("T")


@dataclass(frozen=True)
class Prompt:
    text: str
    add_special_tokens: bool = True
    """False for text that came out of a chat template: it holds them already."""


@dataclass(frozen=True)
class Accepted:
    """A request that passed every check."""

    ids: list[int]
    parameters: Parameters
    max_new_tokens: int
    grammar: str | None
    logprobs: bool
    arrived: float
    queued: float

    def body(self) -> dict[str, object]:
        return {
            "prompt": self.ids,
            "max_tokens": self.max_new_tokens,
            # Log probabilities, and with them ids, cost about a twentieth of the speed (a pass over the vocabulary).
            "n_probs": max(1, self.parameters.top_n_tokens) if self.logprobs else 0,
            **({"grammar": self.grammar} if self.grammar else {}),
            **sampling_body(self.parameters, window=len(self.ids) + self.max_new_tokens),
        }

    def writer(self, vocabulary: Vocabulary) -> Writer:
        return Writer(
            vocabulary=vocabulary,
            stop=StopSearch(self.parameters.stop),
            input_tokens=len(self.ids),
            max_new_tokens=self.max_new_tokens,
            top_n_tokens=self.parameters.top_n_tokens,
            seed=self.parameters.seed if self.parameters.sampling else None,
            arrived=self.arrived,
            queued=self.queued,
        )


@dataclass(frozen=True)
class Inference:
    engine: Engine
    vocabulary: Vocabulary
    limits: Limits
    admission: Admission
    batch: Batch
    grammars: Grammars
    metrics: Metrics

    async def stream(
        self, prompt: Prompt, asked: GenerateParameters, arrived: float, *, logprobs: bool
    ) -> AsyncGenerator[Step, None]:
        """Tokens as they come, the last one when the slot is free again. Without `logprobs` they have no ids either.

        Raises RequestFailed, counted by kind. Closing the generator cancels the generation.
        """
        last: Step | None = None
        with self.metrics.failures():
            async with aclosing(self._admitted(prompt, asked, arrived, logprobs=logprobs, stream=True)) as steps:
                async for step in steps:
                    if step.end is not None:
                        last = step
                        break
                    yield step
            if last is None or last.end is None:
                raise IncompleteStream
            self.metrics.succeeded(last.end)
        yield last

    async def run(
        self, prompt: Prompt, asked: GenerateParameters, arrived: float, *, logprobs: bool
    ) -> list[Generation]:
        """`best_of` generations, the best one (highest mean log probability) first. Raises RequestFailed."""
        with self.metrics.failures():
            count = checked(asked, self.limits).best_of
            wanted = logprobs or count > 1
            runs = await together([self._collect(prompt, asked, arrived, logprobs=wanted) for _ in range(count)])
        best = max(runs, key=lambda run: run.mean_logprob)
        self.metrics.succeeded(best.end)
        return [best, *(run for run in runs if run is not best)]

    async def _collect(
        self, prompt: Prompt, asked: GenerateParameters, arrived: float, *, logprobs: bool
    ) -> Generation:
        async with aclosing(self._admitted(prompt, asked, arrived, logprobs=logprobs, stream=False)) as stream:
            steps = [step async for step in stream]
        if not steps or steps[-1].end is None:
            raise IncompleteGeneration
        return Generation(tuple(steps), steps[-1].end)

    async def _admitted(
        self, prompt: Prompt, asked: GenerateParameters, arrived: float, *, logprobs: bool, stream: bool
    ) -> AsyncGenerator[Step, None]:
        with self.admission.enter(), _engine_failures_told():
            accepted = await self._accept(prompt, asked, arrived, logprobs=logprobs, stream=stream)
            async with self.batch.slot(), aclosing(self._steps(accepted)) as steps:
                async for step in steps:
                    yield step

    async def _accept(
        self, prompt: Prompt, asked: GenerateParameters, arrived: float, *, logprobs: bool, stream: bool
    ) -> Accepted:
        parameters = checked(asked, self.limits, stream=stream)
        if not prompt.text:
            raise ValidationFailed("`inputs` cannot be empty")
        ids = await self.engine.tokenize(prompt.text, add_special=prompt.add_special_tokens)
        ids = ids[-parameters.truncate :] if parameters.truncate else ids
        if not ids:
            raise ValidationFailed("`inputs` cannot be empty")
        max_new_tokens = new_tokens_allowed(len(ids), parameters.max_new_tokens, self.limits)
        grammar = await self.grammars.compiled(parameters.grammar) if parameters.grammar else None
        self.metrics.input_length.observe(len(ids))
        self.metrics.max_new_tokens.observe(max_new_tokens)
        return Accepted(ids, parameters, max_new_tokens, grammar, logprobs, arrived, time.monotonic())

    async def _steps(self, accepted: Accepted) -> AsyncGenerator[Step, None]:
        writer = accepted.writer(self.vocabulary)
        async with aclosing(self.engine.generate(accepted.body())) as events:
            async for event in events:
                for step in writer.steps(event):
                    yield step
                if writer.ended:
                    return


@contextmanager
def _engine_failures_told() -> Iterator[None]:
    """llama.cpp's failures become TGI's."""
    try:
        yield
    except EngineFailed as failure:
        raise GenerationFailed(str(failure)) from failure


async def together(runs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """All results; if one run fails, the others are cancelled and its exception is raised bare."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run) for run in runs]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]
