"""TGI's own answer shapes, for /generate, /generate_stream and /."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llmctl.serving.server.steps import End, Generation, Step, Token

COMPUTE_TYPE = "cpu+llama.cpp"


def token(shown: Token) -> dict[str, Any]:
    return {"id": shown.id, "text": shown.text, "logprob": shown.logprob, "special": shown.special}


def stream_event(index: int, step: Step, *, details: bool, before: str) -> dict[str, Any]:
    """One event; `index` counts from 1, `before` is put in front of the whole text (return_full_text)."""
    event: dict[str, Any] = {"index": index, "token": token(step.token)}
    if step.top_tokens:
        event["top_tokens"] = [token(top) for top in step.top_tokens]
    event["generated_text"] = None if step.end is None else before + step.end.text
    event["details"] = stream_details(step.end) if details and step.end is not None else None
    return event


def stream_details(end: End) -> dict[str, Any]:
    return {
        "finish_reason": end.finish_reason,
        "generated_tokens": end.generated_tokens,
        "seed": end.seed,
        "input_length": end.input_tokens,
    }


def generated(runs: Sequence[Generation], *, details: bool, before: str) -> dict[str, Any]:
    """The answer of /generate: the best run, the others as `best_of_sequences` where details are asked for."""
    best, *others = runs
    answer: dict[str, Any] = {"generated_text": before + best.end.text}
    if details:
        answer["details"] = _details(best)
        if others:
            answer["details"]["best_of_sequences"] = [
                {"generated_text": before + other.end.text, **_details(other)} for other in others
            ]
    return answer


def _details(run: Generation) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "finish_reason": run.end.finish_reason,
        "generated_tokens": run.end.generated_tokens,
        "seed": run.end.seed,
        "prefill": [],
        "tokens": [token(step.token) for step in run.steps],
    }
    top = [[token(best) for best in step.top_tokens] for step in run.steps]
    return {**shown, "top_tokens": top} if any(top) else shown


def stream_headers(characters: int) -> dict[str, str]:
    return {"x-compute-type": COMPUTE_TYPE, "x-compute-characters": str(characters), "x-accel-buffering": "no"}


def headers(ends: Sequence[End], characters: int) -> dict[str, str]:
    """TGI's timing headers, summed over prompts: seconds in x-compute-time, milliseconds in the others."""
    times = [end.timings for end in ends]
    total = sum(time.ended - time.arrived for time in times)
    return {
        "x-compute-type": COMPUTE_TYPE,
        "x-compute-time": str(total),
        "x-compute-characters": str(characters),
        "x-total-time": _ms(total),
        "x-validation-time": _ms(sum(time.queued - time.arrived for time in times)),
        "x-queue-time": _ms(sum(time.started - time.queued for time in times)),
        "x-inference-time": _ms(sum(time.ended - time.started for time in times)),
        "x-time-per-token": _ms(sum((end.timings.ended - end.timings.started) / end.generated_tokens for end in ends)),
        "x-prompt-tokens": str(sum(end.input_tokens for end in ends)),
        "x-generated-tokens": str(sum(end.generated_tokens for end in ends)),
    }


def _ms(seconds: float) -> str:
    return str(int(seconds * 1000))
