"""Question: what a user wants to know of a model's size, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llmctl.serving.errors import SizingError
from llmctl.serving.hardware.machine_type import Cloud, MachineType
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.kv_cache import CACHE_BYTES
from llmctl.serving.sizing.load import Load
from llmctl.serving.spec import EngineName

DEFAULT_CONTEXT = 8192
"""Tokens of a request where none is asked for, if the model takes as many: a long chat. The answer states it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    context: int | None = None
    """Tokens of one request, prompt and answer together; None: DEFAULT_CONTEXT, or the model's own if that is less."""

    concurrency: int | None = None
    """Requests of that context at the same time on one machine; None: 1."""

    quantization: str | None = None
    engine: EngineName = EngineName.TGI

    prefill_tokens: int | None = None
    """Prompt tokens computed at once; None: the engine's default, or less where that leaves too little cache."""

    kv_cache_dtype: str | None = None
    cloud: Cloud | None = None
    region: str | None = None
    max_hourly: float | None = None
    """US dollars for one machine."""

    def load(self, facts: ModelFacts) -> Load:
        """Raises SizingError for numbers that make no sense."""
        context = self.context if self.context is not None else min(DEFAULT_CONTEXT, facts.max_context)
        concurrency = self.concurrency if self.concurrency is not None else 1
        if not 1 <= context <= facts.max_context:
            raise SizingError(f"context: {context:,} tokens; {facts.id} takes 1 to {facts.max_context:,}.")
        if concurrency < 1:
            raise SizingError(f"concurrency: {concurrency}; ask for at least 1 request at a time.")
        if self.max_hourly is not None and not self.max_hourly > 0:
            raise SizingError(f"max-hourly: {self.max_hourly}; give US dollars per hour above 0, or leave it out.")
        dtype = None if self.kv_cache_dtype in (None, "auto", facts.dtype) else self.kv_cache_dtype
        if dtype is not None and dtype not in CACHE_BYTES:
            raise SizingError(f"kv-cache-dtype: {dtype}; allowed: auto, {', '.join(CACHE_BYTES)}.")
        return Load(
            engine=self.engine,
            context=context,
            concurrency=concurrency,
            quantization=self.quantization,
            kv_cache_dtype=dtype,
            prefill_tokens=self.prefill_tokens,
        )

    def machines(self, machines: Sequence[MachineType]) -> list[MachineType]:
        """Those of the cloud and region. Raises SizingError for a region that none is priced in."""
        of_cloud = [machine for machine in machines if self.cloud in (None, machine.cloud) and machine.prices]
        if self.region is None:
            return of_cloud
        there = [machine for machine in of_cloud if any(price.region == self.region for price in machine.prices)]
        if not there:
            known = sorted({price.region for machine in of_cloud for price in machine.prices})
            where = f"{self.cloud.value}: " if self.cloud else ""
            raise SizingError(
                f"region: {self.region}; no GPU machine is known there. Known of {where}{', '.join(known)}."
            )
        return there
