"""The command line of an engine: the flags that follow from a spec, then the user's own, held against the release's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from llmctl.serving.engines.flags import FlagList
from llmctl.serving.errors import EngineError
from llmctl.serving.spec import ServingSpec

FlagValue = str | int | float | bool | tuple[str, ...] | None
"""None and False: the flag is left out. True: it stands alone. A tuple: several words after one flag."""


class TakesFlags(Protocol):
    """As much of an engine as a command line follows from; the words are explained in `Engine`."""

    @property
    def settings(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def refused_flags(self) -> Mapping[str, str]: ...
    @property
    def flags(self) -> FlagList: ...


def secret_flags(names: Iterable[str]) -> dict[str, str]:
    """Why flags that hold a secret are refused."""
    return dict.fromkeys(names, "would show a secret in the process list; leave it to the gateway")


def arguments(engine: TakesFlags, spec: ServingSpec, own: Mapping[str, FlagValue]) -> tuple[str, ...]:
    """The command line: the engine's `own` flags, then `engineArgs`. Raises EngineError as `passed` does."""
    return rendered({**own, **passed(engine, spec)})


def rendered(flags: Mapping[str, FlagValue]) -> tuple[str, ...]:
    words: list[str] = []
    for name, value in flags.items():
        if value is None or value is False:
            continue
        words.append(f"--{name}")
        if isinstance(value, tuple):
            words.extend(value)
        elif value is not True:
            words.append(str(value))
    return tuple(words)


def passed(engine: TakesFlags, spec: ServingSpec) -> Mapping[str, str | int | float | bool]:
    """`engineArgs`, held against the engine's flags.

    Raises EngineError for an unknown one, for one that a setting of the stack already decides (parsers take the last
    without a word), for one that is refused with its reason, and for a value that is missing or too much.
    """
    engine.flags.check(spec.engine_args)
    owner = {flag: setting for setting, flags in engine.settings.items() for flag in flags}
    for name, value in spec.engine_args.items():
        if name in engine.refused_flags:
            raise EngineError(f"engineArgs: --{name} {engine.refused_flags[name]}.")
        if name in owner:
            raise EngineError(f"engineArgs: --{name} is decided by {owner[name]}; set that instead.")
        _check_value(engine.flags, name, value)
    return spec.engine_args


def _check_value(known: FlagList, name: str, value: str | int | float | bool) -> None:
    if known.takes_value[name] and isinstance(value, bool):
        raise EngineError(f"engineArgs: --{name} of {known.engine} wants a value, not {str(value).lower()}.")
    if not known.takes_value[name] and not isinstance(value, bool):
        raise EngineError(f"engineArgs: --{name} of {known.engine} takes no value; write true in place of {value!r}.")
