"""Checked inputs, all known, as a type: what create and update work with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from llmctl.infra.provider.properties import Properties


@dataclass(frozen=True, kw_only=True)
class Wanted:
    model: str
    revision: str | None
    quantization: str | None
    directory: Path
    base: Path
    cache: Path
    hostname: str
    port: int
    max_concurrent_requests: int
    max_input_tokens: int | None
    max_total_tokens: int
    slots: int
    max_batch_prefill_tokens: int
    threads: int
    grace: float
    api_key: str | None

    @property
    def url(self) -> str:
        """Where this machine reaches the server; one that listens everywhere is reached on the loopback."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.hostname, self.hostname)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def wanted(inputs: Properties) -> Wanted:
    return Wanted(
        model=inputs["model"],
        revision=inputs.get("revision"),
        quantization=inputs.get("quantization"),
        directory=Path(inputs["directory"]),
        base=Path(inputs["base"]),
        cache=Path(inputs["cache"]),
        hostname=inputs["hostname"],
        port=inputs["port"],
        max_concurrent_requests=inputs["maxConcurrentRequests"],
        max_input_tokens=inputs.get("maxInputTokens"),
        max_total_tokens=inputs["maxTotalTokens"],
        slots=inputs["maxBatchSize"],
        max_batch_prefill_tokens=inputs["maxBatchPrefillTokens"],
        threads=inputs["threads"],
        grace=float(inputs["gracefulTerminationTimeout"]),
        api_key=inputs.get("apiKey"),
    )
