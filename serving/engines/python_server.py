"""What vLLM and SGLang share: Python servers with OpenAI's API that keep their caches under one HOME."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace

from llmctl.serving.engines.container import Image, Probe, Resources, SecretKey, Shutdown, Volume
from llmctl.serving.engines.engine import Platform, platform_of
from llmctl.serving.engines.flags import FlagList
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.spec import ServingSpec

CACHE = "/cache"
"""HOME of the server, so that whatever a library writes to ~ lands on one writable volume."""

HUB_TOKEN = SecretKey(secret="hub-token", key="token")  # noqa: S106 (the name of a secret)
API_KEY = SecretKey(secret="api-key", key="key")  # noqa: S106 (the name of a secret)

STARTUP_PERIOD = 10
PRE_STOP_SECONDS = 10


def environment(spec: ServingSpec) -> dict[str, str | SecretKey]:
    """HOME and the Hub: no telemetry, the token only from its secret, and no network where all is on disk."""
    env: dict[str, str | SecretKey] = {"HOME": CACHE, "HF_HOME": f"{CACHE}/huggingface", "DO_NOT_TRACK": "1"}
    if spec.hub_token:
        env["HF_TOKEN"] = HUB_TOKEN
    if all(is_path(source) for source in sources(spec)):
        env["HF_HUB_OFFLINE"] = "1"
    return env


def sources(spec: ServingSpec) -> list[str]:
    """Everything that is loaded at start: the model, its adapters, the draft model."""
    draft = spec.speculation.draft_model if spec.speculation else None
    return [spec.model, *(adapter.source for adapter in spec.adapters), *([draft] if draft else [])]


def is_path(source: str) -> bool:
    return source.startswith("/")


FlagValue = str | int | float | bool | tuple[str, ...] | None
"""None and False: the flag is left out. True: it stands alone. A tuple: several words after one flag."""


def arguments(
    own: Mapping[str, FlagValue],
    spec: ServingSpec,
    known: FlagList,
    settings: Mapping[str, tuple[str, ...]],
    secret: frozenset[str],
) -> tuple[str, ...]:
    """The command line: the engine's `own` flags, then `engineArgs`. Raises EngineError as _passed does."""
    words: list[str] = []
    for name, value in (dict(own) | dict(_passed(spec, known, settings, secret))).items():
        if value is None or value is False:
            continue
        words.append(f"--{name}")
        if isinstance(value, tuple):
            words.extend(value)
        elif value is not True:
            words.append(str(value))
    return tuple(words)


def _passed(
    spec: ServingSpec, known: FlagList, settings: Mapping[str, tuple[str, ...]], secret: frozenset[str]
) -> Mapping[str, FlagValue]:
    """`engineArgs`, held against the engine's flags. Raises EngineError for an unknown one, for one that a setting of
    the stack already decides (argparse would take the last without a word), and for secrets, which `ps` would show."""
    known.check(spec.engine_args)
    owner = {flag: setting for setting, flags in settings.items() for flag in flags}
    for name, value in spec.engine_args.items():
        if name in secret:
            raise EngineError(f"engineArgs: --{name} would show a secret in the process list; leave it to the gateway.")
        if name in owner:
            raise EngineError(f"engineArgs: --{name} is decided by {owner[name]}; set that instead.")
        _check_value(known, name, value)
    return spec.engine_args


def _check_value(known: FlagList, name: str, value: str | int | float | bool) -> None:
    if known.takes_value[name] and isinstance(value, bool):
        raise EngineError(f"engineArgs: --{name} of {known.engine} wants a value, not {str(value).lower()}.")
    if not known.takes_value[name] and not isinstance(value, bool):
        raise EngineError(f"engineArgs: --{name} of {known.engine} takes no value; write true in place of {value!r}.")


def compact(value: object) -> str:
    """JSON as one word of a command line."""
    return json.dumps(value, separators=(",", ":"))


def startup_probe(path: str, port: int, timeout: int, spec: ServingSpec, why: str) -> Probe:
    """Gives up after spec.startup_seconds, rounded up to whole periods."""
    return Probe(
        path=path,
        port=port,
        period=STARTUP_PERIOD,
        timeout=timeout,
        failure_threshold=math.ceil(spec.startup_seconds / STARTUP_PERIOD),
        why=why,
    )


def image(images: Mapping[Platform, Image], spec: ServingSpec, accelerator: Accelerator | None) -> Image:
    return replace(images[platform_of(accelerator)], digest=spec.image_digest)


def volumes(spec: ServingSpec) -> tuple[Volume, ...]:
    return (
        Volume(name="cache", path=CACHE, why="HOME: weights from the Hub, compiled kernels, settings of libraries"),
        Volume(name="tmp", path="/tmp", why="sockets between the processes, merged metrics, temporary files"),  # noqa: S108
        Volume(
            name="shm",
            path="/dev/shm",  # noqa: S108
            memory=True,
            size=spec.host.shared_memory,
            why="NCCL and the message queue between the processes; a container's 64 MiB are too few",
        ),
    )


def shutdown(spec: ServingSpec, margin: int, why: str) -> Shutdown:
    """`margin`: seconds the engine needs to end its processes after the last request."""
    grace = PRE_STOP_SECONDS + spec.graceful_termination_seconds + margin
    return Shutdown(pre_stop_seconds=PRE_STOP_SECONDS, grace_seconds=grace, why=why)


def resources(spec: ServingSpec, gpu_resource: str) -> Resources:
    return Resources(
        gpu_resource=gpu_resource,
        gpus=spec.gpus,
        cpus=spec.host.cpus,
        memory=spec.host.memory,
        disk=spec.host.disk,
    )
