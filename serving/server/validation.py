"""TGI's checks of a request's parameters, with its texts (router/src/validation.rs), before any token is counted."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from llmctl.serving.server.errors import ValidationFailed
from llmctl.serving.server.schemas import GenerateParameters, Grammar

GENERATION_SLICE = 1024
"""TGI plans long generations in slices of this many tokens, so its length check never asks for more."""


@dataclass(frozen=True)
class Limits:
    max_best_of: int
    max_stop_sequences: int
    max_top_n_tokens: int
    max_input_tokens: int
    max_total_tokens: int


@dataclass(frozen=True)
class Parameters:
    """What a request asks for, every default filled in."""

    best_of: int
    sampling: bool
    temperature: float
    repetition_penalty: float
    frequency_penalty: float
    top_k: int
    """0: off"""
    top_p: float
    """1: off"""
    typical_p: float
    """1: off"""
    seed: int
    """0 .. 2**64 - 1, drawn where the request has none"""
    stop: tuple[str, ...]
    truncate: int | None
    max_new_tokens: int | None
    top_n_tokens: int
    grammar: Grammar | None


def checked(asked: GenerateParameters, limits: Limits, *, stream: bool = False) -> Parameters:
    """The parameters with defaults filled in; raises ValidationFailed with TGI's text of the first fault."""
    for fault in _faults(asked, limits, stream=stream):
        raise ValidationFailed(fault)
    return Parameters(
        best_of=asked.best_of or 1,
        sampling=_samples(asked),
        temperature=1.0 if asked.temperature is None else asked.temperature,
        repetition_penalty=1.0 if asked.repetition_penalty is None else asked.repetition_penalty,
        frequency_penalty=asked.frequency_penalty or 0.0,
        top_k=asked.top_k or 0,
        top_p=1.0 if asked.top_p is None else asked.top_p,
        typical_p=1.0 if asked.typical_p is None else asked.typical_p,
        seed=secrets.randbits(64) if asked.seed is None else asked.seed,
        stop=tuple(asked.stop),
        truncate=asked.truncate,
        max_new_tokens=asked.max_new_tokens,
        top_n_tokens=asked.top_n_tokens or 0,
        grammar=asked.grammar,
    )


def _samples(asked: GenerateParameters) -> bool:
    """TGI's shards sample if asked to, or if any warper changes something; temperature 1 changes nothing."""
    warped = (asked.temperature not in (None, 1.0), asked.top_k, asked.top_p, asked.typical_p)
    return asked.do_sample or any(warped)


def _warpers_named(asked: GenerateParameters) -> bool:
    named = (asked.temperature, asked.top_k, asked.top_p, asked.typical_p)
    return asked.do_sample or any(value is not None for value in named)


def _faults(asked: GenerateParameters, limits: Limits, *, stream: bool) -> Iterator[str]:
    yield from _unsupported(asked)
    if stream and asked.best_of not in (None, 1):
        yield "`best_of` != 1 is not supported when streaming tokens"
    yield from _best_of_faults(asked, limits)
    yield from _sampling_faults(asked)
    if asked.max_new_tokens == 0:
        yield "`max_new_tokens` must be strictly positive"
    if len(asked.stop) > limits.max_stop_sequences:
        yield f"`stop` supports up to {limits.max_stop_sequences} stop sequences. Given: {len(asked.stop)}"
    if asked.seed is not None and (asked.best_of or 1) > 1:
        yield "`seed` must not be set when `best_of` > 1"
    if (asked.top_n_tokens or 0) > limits.max_top_n_tokens:
        yield f"`top_n_tokens` must be >= 0 and <= {limits.max_top_n_tokens}. Given: {asked.top_n_tokens}"
    if asked.truncate is not None and not 0 < asked.truncate <= limits.max_input_tokens:
        yield f"`truncate` must be strictly positive and less than {limits.max_input_tokens}. Given: {asked.truncate}"


def _unsupported(asked: GenerateParameters) -> Iterator[str]:
    """What TGI can do and llama.cpp cannot; saying so beats an answer that silently lacks it."""
    if asked.decoder_input_details:
        why = "llama.cpp gives no log probabilities of the prompt"
        yield f"`decoder_input_details` is not supported by this server: {why}"
    if asked.watermark:
        yield "`watermark` is not supported by this server: llama.cpp has no watermarking"
    if asked.adapter_id is not None:
        yield "`adapter_id` is not supported by this server: it serves one model without adapters"


def _best_of_faults(asked: GenerateParameters, limits: Limits) -> Iterator[str]:
    best_of = asked.best_of or 1
    if best_of > 1 and limits.max_best_of == 1:
        yield "`best_of` != 1 is not allowed for this endpoint"
    if best_of > limits.max_best_of:
        yield f"`best_of` must be > 0 and <= {limits.max_best_of}. Given: {best_of}"
    if best_of > 1 and not _warpers_named(asked):
        yield "you must use sampling when `best_of` is > 1"


def _sampling_faults(asked: GenerateParameters) -> Iterator[str]:
    if asked.temperature is not None and asked.temperature <= 0:
        yield "`temperature` must be strictly positive"
    if asked.repetition_penalty is not None and asked.repetition_penalty <= 0:
        yield "`repetition_penalty` must be strictly positive"
    if asked.frequency_penalty is not None and not -2 <= asked.frequency_penalty <= 2:
        yield "`frequency_penalty` must be >= -2.0 and <= 2.0"
    if asked.top_p is not None and not 0 < asked.top_p < 1:
        yield "`top_p` must be > 0.0 and < 1.0"
    if asked.typical_p is not None and not 0 < asked.typical_p < 1:
        yield "`typical_p` must be > 0.0 and < 1.0"
    if asked.top_k is not None and asked.top_k <= 0:
        yield "`top_k` must be strictly positive"


def new_tokens_allowed(input_tokens: int, max_new_tokens: int | None, limits: Limits) -> int:
    """Tokens this request may generate.

    Raises ValidationFailed where the prompt is too long, alone or together with what is asked for. Like TGI it
    counts no more than one slice of `max_new_tokens`; a longer wish ends early, with `length`, at the limit.
    """
    room = limits.max_total_tokens - input_tokens
    wanted = max(room, 0) if max_new_tokens is None else max_new_tokens
    planned = min(wanted, GENERATION_SLICE)
    if planned > room:
        raise ValidationFailed(
            f"`inputs` tokens + `max_new_tokens` must be <= {limits.max_total_tokens}. "
            f"Given: {input_tokens} `inputs` tokens and {planned} `max_new_tokens`"
        )
    if input_tokens > limits.max_input_tokens:
        raise ValidationFailed(f"`inputs` must have less than {limits.max_input_tokens} tokens. Given: {input_tokens}")
    return min(wanted, room)
