"""Whole containers against their golden files, and every flag and variable in them against the engine's own list."""

from __future__ import annotations

import pytest
from drivers import container_specs
from drivers.container_specs import ALL, GOLDEN, Case

from llmctl.serving.engines.container import ContainerSpec, SecretKey
from llmctl.serving.engines.engine import Engine

engine_and_case = pytest.mark.parametrize(
    ("engine", "case"), [pytest.param(engine, case, id=f"{engine.name}-{case.name}") for engine, case in ALL]
)
CONTAINERS = [
    pytest.param(engine, container, id=f"{engine.name}-{case.name}")
    for engine, case in ALL
    if (container := container_specs.made(engine, case))
]
each_container = pytest.mark.parametrize(("engine", "container"), CONTAINERS)


@engine_and_case
def test_a_container_is_the_golden_one_or_refused_with_the_golden_words(engine: Engine, case: Case) -> None:
    golden = container_specs.path(engine, case).read_text(encoding="utf-8")
    assert container_specs.written(engine, case) == golden, container_specs.__doc__


def test_there_is_no_golden_file_that_nothing_is_compared_with() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {container_specs.path(*pair).name for pair in ALL}


@each_container
def test_every_flag_exists_in_the_engines_release(engine: Engine, container: ContainerSpec) -> None:
    assert engine.flags.release == engine.release
    engine.flags.check(flags(container))


@each_container
def test_every_variable_is_one_that_the_engine_reads(engine: Engine, container: ContainerSpec) -> None:
    assert set(container.env) <= engine.flags.environment


@each_container
def test_a_flag_with_a_value_has_one_and_a_flag_without_has_none(engine: Engine, container: ContainerSpec) -> None:
    words = container.args
    for word, following in zip(words, (*words[1:], "--"), strict=True):
        if word.startswith("--"):
            assert engine.flags.takes_value[word.removeprefix("--")] is not following.startswith("--"), word


@each_container
def test_every_flag_that_llmctl_sets_is_closed_to_engine_args(engine: Engine, container: ContainerSpec) -> None:
    owned = {flag for flags in engine.settings.values() for flag in flags} | set(engine.refused_flags)
    assert set(flags(container)) - owned <= OPEN_TO_USERS


OPEN_TO_USERS = {"cuda-graphs", "no-slots", "no-ui"}
"""What llmctl sets, and a user may set otherwise, because nothing else in the container depends on it."""


@each_container
def test_secrets_are_named_and_never_in_the_command_line(engine: Engine, container: ContainerSpec) -> None:
    secrets = {name for name, value in container.env.items() if isinstance(value, SecretKey)}
    assert secrets <= {"HF_TOKEN", "API_KEY", "VLLM_API_KEY", "LLAMA_API_KEY"}
    assert not {"api-key", "hf-token"} & set(flags(container))


@each_container
def test_a_container_lives_with_a_read_only_root_and_without_other_services(
    engine: Engine, container: ContainerSpec
) -> None:
    writable = tuple(volume.path for volume in container.volumes)
    paths = [v for k, v in container.env.items() if k == "HOME" or k.endswith(("_HOME", "_CACHE_DIR", "_CACHE_ROOT"))]
    assert paths, "somebody writes to HOME"
    assert all(str(path).startswith(writable) for path in paths)
    assert not container.service_links
    assert container.port >= 1024, "a lower port needs root"


@each_container
def test_a_busy_engine_is_not_killed_by_its_probes(engine: Engine, container: ContainerSpec) -> None:
    probes = container.probes
    assert probes.startup.timeout >= 10
    assert probes.readiness.timeout >= 10
    assert probes.liveness is None or probes.liveness.period * probes.liveness.failure_threshold >= 120


@engine_and_case
def test_the_startup_probe_waits_for_the_whole_budget(engine: Engine, case: Case) -> None:
    if container := container_specs.made(engine, case):
        startup = container.probes.startup
        assert startup.period * startup.failure_threshold >= case.spec.startup_seconds


@engine_and_case
def test_requests_in_flight_have_their_time_before_sigkill(engine: Engine, case: Case) -> None:
    if container := container_specs.made(engine, case):
        shutdown = container.shutdown
        assert shutdown.pre_stop_seconds > 0, "the endpoint must have lost the pod before SIGTERM"
        assert shutdown.grace_seconds >= 10 + case.spec.graceful_termination_seconds + 10


def flags(container: ContainerSpec) -> list[str]:
    return [word.removeprefix("--") for word in container.args if word.startswith("--")]
