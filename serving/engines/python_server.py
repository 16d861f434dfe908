"""What vLLM and SGLang share: Python servers with OpenAI's API that keep their caches under one HOME."""

from __future__ import annotations

import json

from llmctl.serving.engines.container import HUB_TOKEN, SecretKey, Volume
from llmctl.serving.engines.replica import shared_memory
from llmctl.serving.engines.sources import sources
from llmctl.serving.models.disk import is_path
from llmctl.serving.spec import ServingSpec

CACHE = "/cache"
"""HOME of the server, so that whatever a library writes to ~ lands on one writable volume."""


def environment(spec: ServingSpec) -> dict[str, str | SecretKey]:
    """HOME and the Hub: no telemetry, the token only from its secret, and no network where all is on disk."""
    env: dict[str, str | SecretKey] = {"HOME": CACHE, "HF_HOME": f"{CACHE}/huggingface", "DO_NOT_TRACK": "1"}
    if spec.hub_token:
        env["HF_TOKEN"] = HUB_TOKEN
    if all(is_path(source) for source in sources(spec)):
        env["HF_HUB_OFFLINE"] = "1"
    return env


def compact(value: object) -> str:
    """JSON as one word of a command line."""
    return json.dumps(value, separators=(",", ":"))


def volumes(spec: ServingSpec) -> tuple[Volume, ...]:
    return (
        Volume(name="cache", path=CACHE, why="HOME: weights from the Hub, compiled kernels, settings of libraries"),
        Volume(name="tmp", path="/tmp", why="sockets between the processes, merged metrics, temporary files"),  # noqa: S108
        shared_memory(spec, why="NCCL and the message queue between the processes; a container's 64 MiB are too few"),
    )
