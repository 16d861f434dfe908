"""TGI's Prometheus metrics, names and buckets as in TGI 3.3.7 (router/src/server.rs).

Written out here because prometheus-client ends every counter's name in `_total`, which TGI's do not.
Every series exists from the start, so that an autoscaler finds the queue of a fresh server too.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from llmctl.serving.server.errors import RequestFailed
from llmctl.serving.server.steps import End

DURATION_BUCKETS = tuple(0.0001 * 1.5 ** (step + 1) for step in range(35))
"""Seconds, 0.15 ms to 145.6 s."""

FAILURES = ("overloaded", "validation", "generation", "incomplete", "template", "dropped")


class Counter:
    def __init__(self, name: str, text: str, label: str = "", values: Sequence[str] = ("",)) -> None:
        self._head = f"# HELP {name} {text}\n# TYPE {name} counter\n"
        self._lines = {value: f'{name}{{{label}="{value}"}}' if label else name for value in values}
        self._counts = dict.fromkeys(values, 0)

    def add(self, amount: int = 1, value: str = "") -> None:
        self._counts[value] += amount

    def render(self) -> str:
        return self._head + "".join(f"{self._lines[value]} {count}\n" for value, count in self._counts.items())


class Gauge:
    def __init__(self, name: str, text: str) -> None:
        self._head = f"# HELP {name} {text}\n# TYPE {name} gauge\n{name} "
        self._now = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        self._now += 1
        try:
            yield
        finally:
            self._now -= 1

    def render(self) -> str:
        return f"{self._head}{self._now}\n"


class Histogram:
    def __init__(self, name: str, text: str, buckets: Sequence[float]) -> None:
        self._name = name
        self._head = f"# HELP {name} {text}\n# TYPE {name} histogram\n"
        self._bounds = tuple(buckets)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def render(self) -> str:
        lines, below = [self._head], 0
        for bound, count in zip((*self._bounds, "+Inf"), self._counts, strict=True):
            below += count
            lines.append(f'{self._name}_bucket{{le="{bound}"}} {below}\n')
        return "".join([*lines, f"{self._name}_sum {self._sum}\n{self._name}_count {below}\n"])


def _linear(most: int) -> list[float]:
    return [most / 100 * (step + 1) for step in range(100)]


class Metrics:
    def __init__(self, *, max_input_tokens: int, max_total_tokens: int) -> None:
        self.requests = Counter("tgi_request_count", "Requests, each counted once")
        self.successes = Counter("tgi_request_success", "Requests answered in full")
        self.failed = Counter("tgi_request_failure", "Requests that failed", "err", FAILURES)
        self.unknown_fields = Counter("llmctl_request_unknown_fields", "Fields that TGI does not know, and ignores")
        self.duration = _duration("tgi_request_duration", "Whole request")
        self.validation = _duration("tgi_request_validation_duration", "Checks and tokenizing")
        self.queue = _duration("tgi_request_queue_duration", "Waiting for a slot")
        self.inference = _duration("tgi_request_inference_duration", "Prefill and decoding")
        self.per_token = _duration("tgi_request_mean_time_per_token_duration", "Inference over generated tokens")
        self.input_length = Histogram("tgi_request_input_length", "Prompt tokens", _linear(max_input_tokens))
        self.generated = Histogram("tgi_request_generated_tokens", "Generated tokens", _linear(max_total_tokens))
        self.max_new_tokens = Histogram("tgi_request_max_new_tokens", "Tokens allowed", _linear(max_total_tokens))
        self.queue_size = Gauge("tgi_queue_size", "Requests waiting for a slot")
        self.batch_size = Gauge("tgi_batch_current_size", "Requests being decoded")

    def succeeded(self, end: End) -> None:
        """Count a generation that reached its end."""
        times = end.timings
        self.successes.add()
        self.duration.observe(times.ended - times.arrived)
        self.validation.observe(times.queued - times.arrived)
        self.queue.observe(times.started - times.queued)
        self.inference.observe(times.ended - times.started)
        self.per_token.observe((times.ended - times.started) / end.generated_tokens)
        self.generated.observe(end.generated_tokens)

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Count what fails inside by kind; a client that left, which cancels the work, is `dropped`."""
        try:
            yield
        except RequestFailed as failure:
            self.failed.add(value=failure.err)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            self.failed.add(value="dropped")
            raise

    def render(self) -> str:
        """The Prometheus text format."""
        return "".join(series.render() for series in vars(self).values())


def _duration(name: str, text: str) -> Histogram:
    return Histogram(name, f"{text}, in seconds", DURATION_BUCKETS)
