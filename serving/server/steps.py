"""What a generation gives: tokens, step by step, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FinishReason = Literal["length", "eos_token", "stop_sequence"]


@dataclass(frozen=True, slots=True)
class Token:
    id: int
    text: str
    """Empty while a character is split over several tokens; the last of them carries it whole."""
    logprob: float | None
    """None for a token that llama.cpp kept back (tokens.py), and where no log probabilities were asked for."""
    special: bool


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds on one clock, cut as TGI cuts them."""

    arrived: float
    queued: float
    """The request had passed its checks."""
    started: float
    """It had a slot and llama.cpp worked on it."""
    ended: float


@dataclass(frozen=True, slots=True)
class End:
    text: str
    finish_reason: FinishReason
    generated_tokens: int
    input_tokens: int
    seed: int | None
    """None for greedy decoding, as in TGI."""
    timings: Timings


@dataclass(frozen=True, slots=True)
class Step:
    token: Token
    top_tokens: tuple[Token, ...]
    end: End | None
    """Only with the last token."""


@dataclass(frozen=True)
class Generation:
    steps: tuple[Step, ...]
    end: End

    @property
    def mean_logprob(self) -> float:
        known = [step.token.logprob for step in self.steps if step.token.logprob is not None]
        return sum(known) / len(known) if known else float("-inf")
