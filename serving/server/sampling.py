"""TGI's sampling parameters in llama.cpp's words. llama.cpp's own defaults (top_k 40, min_p 0.05, ...) never apply."""

from __future__ import annotations

from typing import Any

from llmctl.serving.server.validation import Parameters


def sampling_body(wanted: Parameters, *, window: int) -> dict[str, Any]:
    """The sampling part of a llama.cpp completion body.

    The `samplers` list is the whole chain: what is not in it (min_p, xtc, dry, top_n_sigma) is off. Its order is
    TGI's: penalties, temperature, top_k, top_p, typical_p. TGI's penalties look at the whole context, which
    `window` (tokens) has to cover.
    """
    penalties = {
        "repeat_penalty": wanted.repetition_penalty,
        "repeat_last_n": window,
        "frequency_penalty": wanted.frequency_penalty,
        "presence_penalty": 0.0,
    }
    if not wanted.sampling:
        return {
            **penalties,
            "samplers": ["penalties", "top_k"],
            "top_k": 1,
            "temperature": 1.0,
            "seed": seed_32(wanted.seed),
        }
    return {
        **penalties,
        "samplers": ["penalties", "temperature", "top_k", "top_p", "typ_p"],
        "temperature": wanted.temperature,
        "top_k": wanted.top_k,
        "top_p": wanted.top_p,
        "typical_p": wanted.typical_p,
        "seed": seed_32(wanted.seed),
    }


def seed_32(seed: int) -> int:
    """TGI's seeds have 64 bits, llama.cpp's 32, of which the last value means "draw one"."""
    return ((seed >> 32) ^ seed) % 0xFFFFFFFF
