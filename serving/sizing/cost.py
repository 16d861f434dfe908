"""What a million generated tokens cost, as an estimate."""

from __future__ import annotations

from llmctl.serving.sizing.throughput import Throughput

FORMULA = "$/h / (3600 s * generated tokens/s of a replica * replicas) * 1,000,000, with every slot busy all the time"


def dollars_per_million(hourly: float, throughput: Throughput, replicas: int) -> float:
    """US dollars per million generated tokens by FORMULA: a lower bound, as no real load keeps every slot busy."""
    return hourly * 1_000_000 / (3600 * throughput.decode * replicas)
