"""The inputs of `llmctl:local:ModelServer`: one table, from which checks, differences and schema are made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from llmctl.infra.local.server_command import LONGEST_GRACE_SECONDS
from llmctl.infra.provider.properties import UNKNOWN, Properties


class Change(Enum):
    """What it takes to apply a changed input."""

    NOTE = "the supervisor reads it when it needs it"
    RESTART = "a new server process"
    REPLACE = "another resource"


@dataclass(frozen=True, kw_only=True)
class Input:
    type: type[str] | type[int]
    description: str
    required: bool = True
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    allowed: str = ""
    """The pattern in words."""

    change: Change = Change.RESTART


@dataclass(frozen=True)
class Failure:
    property: str
    reason: str


def _path(change: Change, description: str) -> Input:
    return Input(type=str, pattern=r"/.*", allowed="an absolute path", change=change, description=description)


def _count(description: str, *, required: bool = True) -> Input:
    return Input(type=int, minimum=1, required=required, description=description)


def _word(allowed: str, description: str) -> Input:
    return Input(type=str, pattern=r"\S+", allowed=allowed, description=description)


INPUTS: dict[str, Input] = {
    "model": Input(
        type=str, pattern=r".+", allowed="a model id or a path", description="Model id, or path of a GGUF file."
    ),
    "revision": Input(type=str, required=False, description="Commit of the model's repository; pinned when left out."),
    "quantization": Input(type=str, required=False, description="Which file of a GGUF repository, e.g. Q4_K_M."),
    "directory": _path(Change.REPLACE, "Run directory of this server: its key, state and log."),
    "base": _path(Change.NOTE, "Directory that relative model paths refer to."),
    "cache": _path(Change.NOTE, "Directory of downloaded models."),
    "hostname": _word("a host name or address", "Address to listen on."),
    "port": Input(type=int, minimum=1, maximum=65535, description="Port to listen on."),
    "maxConcurrentRequests": _count("Requests in work and waiting before 429."),
    "maxInputTokens": _count("Longest prompt, in tokens.", required=False),
    "maxTotalTokens": Input(type=int, minimum=2, description="Longest prompt and answer together, in tokens."),
    "maxBatchSize": _count("Slots: requests that are worked on at the same time."),
    "maxBatchPrefillTokens": _count("Prompt tokens per batch."),
    "threads": Input(type=int, minimum=0, description="Threads of the server; 0 for all cores."),
    "gracefulTerminationTimeout": Input(
        type=int,
        minimum=0,
        maximum=LONGEST_GRACE_SECONDS,
        change=Change.NOTE,
        description="Seconds that running requests get when the server is stopped.",
    ),
    "apiKey": Input(
        type=str,
        required=False,
        pattern=r"[\x21-\x7e]+",
        allowed="printable ASCII without spaces",
        description="Key that clients must send; generated when left out.",
    ),
}
SECRET_INPUTS = frozenset({"apiKey"})


def failures(given: Properties) -> Iterator[Failure]:
    """What is wrong with the inputs by themselves. Unknown values (in a preview) are not judged."""
    for name in given.keys() - INPUTS.keys() - {"__defaults"}:
        yield Failure(name, f"unknown input; known are {', '.join(INPUTS)}")
    for name, spec in INPUTS.items():
        value = given.get(name)
        if value is None and spec.required:
            yield Failure(name, f"missing. {spec.description}")
        if value is not None and value is not UNKNOWN and (problem := _problem(spec, value)):
            shown = "" if name in SECRET_INPUTS else f", not {value!r}"
            yield Failure(name, f"must be {problem}{shown}")
    yield from _longest_prompt(given)


def _longest_prompt(given: Properties) -> Iterator[Failure]:
    longest, total = given.get("maxInputTokens"), given.get("maxTotalTokens")
    if isinstance(longest, int) and isinstance(total, int) and longest >= total:
        yield Failure(
            "maxInputTokens", f"must be less than maxTotalTokens ({total}), which has room for the answer too"
        )


def _problem(spec: Input, value: Any) -> str | None:
    if spec.type is int:
        return None if _is_within(spec, value) else _range(spec)
    if not isinstance(value, str):
        return "a string"
    return spec.allowed if spec.pattern and not re.fullmatch(spec.pattern, value) else None


def _is_within(spec: Input, value: Any) -> bool:
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return (spec.minimum is None or value >= spec.minimum) and (spec.maximum is None or value <= spec.maximum)


def _range(spec: Input) -> str:
    upper = f" to {spec.maximum}" if spec.maximum is not None else " or more"
    return f"a whole number, {spec.minimum}{upper}"
