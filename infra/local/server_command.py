"""The command line of the model server. The key goes by file: a command line is visible to everybody."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LONGEST_GRACE_SECONDS = 3600
"""What the server itself is given to drain. The supervisor ends the drain at the period that holds at that
moment, which may have been changed since the server was started."""


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """What the server must be told. Counts are tokens, requests and threads, as in TGI's launcher."""

    model_id: str
    model_file: Path
    revision: str | None
    hostname: str
    port: int
    api_key_file: Path
    max_concurrent_requests: int
    max_input_tokens: int | None
    max_total_tokens: int
    slots: int
    max_batch_prefill_tokens: int
    threads: int
    """0: all cores."""

    runtime_dir: Path


ServerCommand = Callable[[ServerOptions], tuple[str, ...]]


def server_command(options: ServerOptions) -> tuple[str, ...]:
    """The argv of `llmctl.serving.server`. -P: nothing is imported from the directory it is started in."""
    flags: dict[str, object] = {
        "model-id": options.model_id,
        "model-file": options.model_file,
        "revision": options.revision,
        "hostname": options.hostname,
        "port": options.port,
        "api-key-file": options.api_key_file,
        "max-concurrent-requests": options.max_concurrent_requests,
        "max-input-tokens": options.max_input_tokens,
        "max-total-tokens": options.max_total_tokens,
        "max-batch-size": options.slots,
        "max-batch-prefill-tokens": options.max_batch_prefill_tokens,
        "graceful-termination-timeout": LONGEST_GRACE_SECONDS,
        "threads": options.threads,
        "runtime-dir": options.runtime_dir,
    }
    given = [text for name, value in flags.items() if value is not None for text in (f"--{name}", str(value))]
    return (sys.executable, "-P", "-m", "llmctl.serving.server", *given)
