"""Two containers side by side: how each engine is told of a setting, and what operators notice of the change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from llmctl.serving.engines.container import ContainerSpec, Probe, SecretKey
from llmctl.serving.engines.engine import Engine
from llmctl.serving.spec import ServingSpec


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """A setting, as each engine is told: `--max-total-tokens 8192`, `--max-model-len 8192`; or that it is left to one,
    which then chooses for itself."""

    setting: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Changed:
    """The same setting, topic, route or probe, with another meaning."""

    what: str
    before: str
    after: str


def mapped(
    spec: ServingSpec, source: Engine, to: Engine, before: ContainerSpec, after: ContainerSpec, lost: set[str]
) -> Iterator[Mapped]:
    for setting in dict.fromkeys((*source.settings, *to.settings)):
        was, now = _told(before, source.settings.get(setting, ())), _told(after, to.settings.get(setting, ()))
        if setting == "id":  # a word without a flag, in some
            was, now = was or spec.model, now or spec.model
        if (was or now) and setting not in lost:
            yield Mapped(setting=setting, before=was or f"left to {source.title}", after=now or f"left to {to.title}")
    for name, value in before.env.items():
        if isinstance(value, SecretKey):
            for other in (other for other, also in after.env.items() if also == value):
                yield Mapped(setting=f"secret {value.secret}", before=name, after=other)


def _told(container: ContainerSpec, names: tuple[str, ...]) -> str:
    """How a container tells its engine about a setting: flags with their values, or variables."""
    shown = [
        shown
        for name in names
        for shown in (_flag(container.args, name), _variable(container, name.upper().replace("-", "_")))
        if shown
    ]
    return ", ".join(shown)


def _flag(args: tuple[str, ...], name: str) -> str | None:
    if f"--{name}" not in args:
        return None
    start = args.index(f"--{name}")
    end = next((i for i in range(start + 1, len(args)) if args[i].startswith("--")), len(args))
    return " ".join(args[start:end])


def _variable(container: ContainerSpec, name: str) -> str | None:
    value = container.env.get(name)
    return f"{name}={value}" if isinstance(value, str) else None


def operations(before: ContainerSpec, after: ContainerSpec) -> Iterator[Changed]:
    pairs = {
        "startup probe": (_probe(before.probes.startup), _probe(after.probes.startup)),
        "readiness probe": (_probe(before.probes.readiness), _probe(after.probes.readiness)),
        "liveness probe": (_probe(before.probes.liveness), _probe(after.probes.liveness)),
        "health": (before.health_means, after.health_means),
        "shutdown": (_shutdown(before), _shutdown(after)),
        "user": (_user(before), _user(after)),
        "writable paths": (_paths(before), _paths(after)),
    }
    for what, (was, now) in pairs.items():
        if was != now:
            yield Changed(what=what, before=was, after=now)


def _probe(probe: Probe | None) -> str:
    if probe is None:
        return "none"
    every = f"every {probe.period} s, {probe.timeout} s each, {probe.failure_threshold} times"
    return f"GET {probe.path} on {probe.port} {every}"


def _shutdown(container: ContainerSpec) -> str:
    return f"{container.shutdown.grace_seconds} s in all: {container.shutdown.why}"


def _user(container: ContainerSpec) -> str:
    return "root" if container.run_as_user is None else f"uid {container.run_as_user}"


def _paths(container: ContainerSpec) -> str:
    return ", ".join(sorted(volume.path for volume in container.volumes))
