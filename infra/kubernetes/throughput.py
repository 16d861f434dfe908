"""Tokens per second of a replica: its engine's own counter, looked at twice."""

from __future__ import annotations

import re
import time

from llmctl.infra.errors import ClusterError
from llmctl.infra.kubernetes.account import Account
from llmctl.infra.kubernetes.pod_stream import open_pod_stream
from llmctl.infra.kubernetes.tunnel import tunnel
from llmctl.serving.client_session import open_url
from llmctl.serving.engines.container import Metrics

LOOK_SECONDS = 2.0
"""Between the two looks. TGI counts the tokens of a request when it ends, the other engines as they come."""

ANSWER_SECONDS = 5.0


def tokens_per_second(account: Account, namespace: str, pod: str, metrics: Metrics) -> float | None:
    """None where the replica does not tell. Takes LOOK_SECONDS."""
    series = metrics.names.get("generated_tokens")
    if series is None:
        return None
    try:
        with tunnel(lambda: open_pod_stream(account, namespace, pod, metrics.port)) as port:
            url = f"http://127.0.0.1:{port}{metrics.path}"
            first, begun = _counted(url, series), time.monotonic()
            time.sleep(LOOK_SECONDS)
            return max(_counted(url, series) - first, 0.0) / (time.monotonic() - begun)
    except (ClusterError, OSError):
        return None


def _counted(url: str, series: str) -> float:
    with open_url(url, timeout=ANSWER_SECONDS) as answer:
        return counter(answer.read().decode(errors="replace"), series)


def counter(text: str, series: str) -> float:
    """The sum of a series over its labels in Prometheus text; 0 where it has not been counted yet."""
    pattern = re.compile(rf"^{re.escape(series)}(?:\{{[^}}]*\}})?\s+(\S+)", re.MULTILINE)
    return sum(float(value) for value in pattern.findall(text))
