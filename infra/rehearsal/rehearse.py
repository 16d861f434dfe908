"""Rehearse a stack: its own program on the real Pulumi engine, from nothing to nothing, with no account."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli
from llmctl.infra.errors import DeploymentFailed, SettingsError
from llmctl.infra.project import Project, user_cache
from llmctl.infra.rehearsal.attach import cloud_double
from llmctl.infra.rehearsal.cloud.faults import parse
from llmctl.infra.rehearsal.isolation import Isolated, isolate
from llmctl.infra.rehearsal.report import Report, report
from llmctl.infra.rehearsal.steps import ALL, JOB, RESULT, Job, Step, StepResult
from llmctl.infra.rehearsal.targets import REHEARSABLE
from llmctl.infra.settings import StackSettings
from llmctl.infra.stack_file import read_stack_file
from llmctl.infra.targets import deployable
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts

OnStep = Callable[[Step], None]
FactsOf = Callable[[str, str | None], ModelFacts]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """What is to be rehearsed, and with whose help."""

    project: Project
    stack: str
    cli: PulumiCli
    environ: Mapping[str, str]
    facts: FactsOf
    """By id and revision, of a model that the catalogue does not know."""

    faults: Sequence[str] = ()
    realtime: bool = False
    steps: tuple[Step, ...] = ALL


def rehearse(rehearsal: Rehearsal, tell: OnStep) -> Report:
    """Up, up again, refresh and down. Raises SettingsError for a stack that cannot be rehearsed."""
    settings = _rehearsable(rehearsal)
    _check_faults(rehearsal.faults)
    with _place(rehearsal) as isolated, _double(rehearsal, isolated) as doubles:
        results = list(_work(_job(rehearsal, isolated, settings), {**isolated.environment, **doubles}, tell))
        return report(rehearsal.stack, results, isolated.world)


@contextmanager
def _place(rehearsal: Rehearsal) -> Iterator[Isolated]:
    root = Path(tempfile.mkdtemp(prefix="llmctl-rehearsal-"))
    try:
        yield isolate(rehearsal.project, rehearsal.stack, root / "project", rehearsal.environ)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _double(rehearsal: Rehearsal, isolated: Isolated) -> AbstractContextManager[dict[str, str]]:
    """It keeps what it has read of the SDKs in the user's cache, and knows nothing else of the user."""
    environment = {**isolated.environment, "XDG_CACHE_HOME": str(user_cache().parent)}
    return cloud_double(isolated.world, faults=rehearsal.faults, realtime=rehearsal.realtime, environ=environment)


def _rehearsable(rehearsal: Rehearsal) -> StackSettings:
    settings = deployable(read_stack_file(rehearsal.project, rehearsal.stack))
    if settings.target not in REHEARSABLE:
        raise SettingsError(
            f"A stack of the target {settings.target} needs no rehearsal: `llmctl up {rehearsal.stack}` costs nothing "
            f"and touches no account. Targets that can be rehearsed: {', '.join(REHEARSABLE)}."
        )
    return settings


def _check_faults(faults: Iterable[str]) -> None:
    """Before anything is started."""
    for text in faults:
        try:
            parse(text)
        except ValueError as error:
            raise SettingsError(str(error)) from None


def _job(rehearsal: Rehearsal, isolated: Isolated, settings: StackSettings) -> Job:
    unknown = {model.id: model.revision for model in settings.models.values() if model.id not in catalogue()}
    return Job(
        root=str(isolated.project.root),
        stack=rehearsal.stack,
        cli=str(rehearsal.cli.path),
        cli_version=rehearsal.cli.version,
        steps=rehearsal.steps,
        secrets=frozenset(isolated.secrets),
        models={model: rehearsal.facts(model, revision) for model, revision in unknown.items()},
    )


def _work(job: Job, environment: Mapping[str, str], tell: OnStep) -> Iterator[StepResult]:
    """One worker for all steps; each result comes when its step is over."""
    command = [sys.executable, "-P", "-m", "llmctl.infra.rehearsal.worker"]
    log = Path(job.root) / "worker.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=dict(environment)
        ) as process,
    ):
        if process.stdin is None or process.stdout is None:
            raise ValueError("pipes that were asked for are not there")
        process.stdin.write(JOB.dump_json(job))
        process.stdin.close()
        tell(job.steps[0])
        for line in process.stdout:
            result = RESULT.validate_json(line)
            yield result
            if result.step is not Step.DOWN:
                tell(Step.DOWN if result.error else job.steps[job.steps.index(result.step) + 1])
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise DeploymentFailed(f"The rehearsal's worker ended before its work: {said[-1] if said else 'silently'}")
