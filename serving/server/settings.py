"""What the server is told at start: TGI's launcher flags where TGI has one, as one frozen value."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NoReturn


class BadSettings(Exception):
    """A flag or environment value cannot be used. One line: which one, what it is, what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    model_id: str
    """Name the API shows for the model, e.g. HuggingFaceTB/SmolLM2-135M-Instruct."""

    model_file: Path
    revision: str | None = None
    hostname: str = "127.0.0.1"
    port: int = 3000
    """TGI's default outside its image."""

    api_key: str | None = field(default=None, repr=False)
    runtime_dir: Path | None = None
    """Where llama.cpp's own socket lies (made with mode 0700); None: a fresh temporary directory."""

    max_concurrent_requests: int = 128
    max_input_tokens: int = 2047
    max_total_tokens: int = 2048
    max_batch_size: int = 8
    """Requests decoded together: llama.cpp's parallel slots, each with a context of max_total_tokens."""

    max_batch_prefill_tokens: int = 512
    """Prompt tokens per forward pass: llama.cpp's n_batch. A cancelled request stops at the next pass."""

    max_stop_sequences: int = 4
    max_best_of: int = 2
    max_top_n_tokens: int = 5
    max_client_batch_size: int = 4
    payload_limit: int = 2_000_000
    """Bytes of one request body."""

    graceful_termination_timeout: int = 90
    """Seconds that running requests get after SIGTERM."""

    threads: int = 0
    """CPU threads of llama.cpp; 0: as many as this process may use."""

    @property
    def usable_threads(self) -> int:
        return self.threads or usable_cores()


def usable_cores() -> int:
    """Cores this process may run on; a container's CPU set counts, the machine's total does not."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadSettings(message)


_AT_LEAST_ONE = (
    "max_concurrent_requests",
    "max_input_tokens",
    "max_batch_size",
    "max_batch_prefill_tokens",
    "max_best_of",
    "max_client_batch_size",
    "payload_limit",
)
_AT_LEAST_ZERO = ("max_stop_sequences", "max_top_n_tokens", "graceful_termination_timeout", "threads")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog="python -m llmctl.serving.server", description=__doc__, allow_abbrev=False)
    parser.add_argument("--model-id", required=True)
    parser.add_argument("--model-file", required=True, type=lambda text: Path(text).absolute(), help="a GGUF file")
    parser.add_argument("--revision")
    parser.add_argument("--hostname", default=Settings.hostname)
    parser.add_argument("--port", type=int, default=Settings.port)
    parser.add_argument("--api-key-file", type=Path, help="file holding the API key; or set API_KEY")
    parser.add_argument("--runtime-dir", type=Path, help="directory of llama.cpp's own socket")
    parser.add_argument("--max-total-tokens", type=int, default=Settings.max_total_tokens)
    parser.add_argument("--max-input-tokens", type=int, help="default: one less than --max-total-tokens")
    for name in (*_AT_LEAST_ONE, *_AT_LEAST_ZERO):
        if name != "max_input_tokens":
            parser.add_argument(_flag(name), type=int, default=getattr(Settings, name))
    return parser


def settings_from(argv: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the command line and API_KEY.

    Raises BadSettings with one line that names the flag, its value and what is allowed.
    """
    given = vars(_parser().parse_args(argv))
    given["api_key"] = _api_key(given.pop("api_key_file"), environment)
    if given["max_input_tokens"] is None:
        given["max_input_tokens"] = given["max_total_tokens"] - 1
    settings = Settings(**given)
    for mistake in _mistakes(settings):
        raise BadSettings(mistake)
    return settings


def _api_key(file: Path | None, environment: Mapping[str, str]) -> str | None:
    if file is None:
        return environment.get("API_KEY") or None
    try:
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"--api-key-file {file} cannot be read: {type(error).__name__}") from error
    if not key:
        raise BadSettings(f"--api-key-file {file} is empty; write the key into it")
    return key


def _mistakes(settings: Settings) -> Iterator[str]:
    if not 0 < settings.port < 65536:
        yield f"--port is {settings.port}; allowed are 1 to 65535"
    if settings.max_total_tokens < 2:
        yield f"--max-total-tokens is {settings.max_total_tokens}; allowed is 2 or more"
    if settings.max_input_tokens >= settings.max_total_tokens:
        yield (
            f"--max-input-tokens is {settings.max_input_tokens}; "
            f"it must be less than --max-total-tokens ({settings.max_total_tokens})"
        )
    for least, names in ((1, _AT_LEAST_ONE), (0, _AT_LEAST_ZERO)):
        for name in names:
            if getattr(settings, name) < least:
                yield f"{_flag(name)} is {getattr(settings, name)}; allowed is {least} or more"
    if settings.api_key is not None and not settings.api_key.isascii():
        yield "the API key holds characters that an HTTP header cannot carry; use ASCII"


def flags() -> tuple[str, ...]:
    """Every flag, without its dashes. Each takes a value."""
    return tuple("api-key-file" if each.name == "api_key" else _word(each.name) for each in fields(Settings))


def _word(name: str) -> str:
    return name.replace("_", "-")


def _flag(name: str) -> str:
    return "--" + _word(name)
