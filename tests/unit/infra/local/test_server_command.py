from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from llmctl.infra.local.server_command import ServerOptions, server_command

OPTIONS = ServerOptions(
    model_id="tiny",
    model_file=Path("/models/tiny.gguf"),
    revision=None,
    hostname="127.0.0.1",
    port=8080,
    api_key_file=Path("/run/api_key"),
    max_concurrent_requests=8,
    max_input_tokens=None,
    max_total_tokens=1024,
    slots=2,
    max_batch_prefill_tokens=512,
    threads=0,
    runtime_dir=Path("/run/runtime"),
)


def test_what_is_not_set_is_not_said() -> None:
    command = server_command(OPTIONS)
    assert "--revision" not in command
    assert "--max-input-tokens" not in command
    assert command[command.index("--threads") + 1] == "0", "0 is said: it means all cores"


def test_slots_are_the_batch_size() -> None:
    command = server_command(replace(OPTIONS, slots=3, revision="a" * 40))
    assert command[command.index("--max-batch-size") + 1] == "3"
    assert command[command.index("--revision") + 1] == "a" * 40
