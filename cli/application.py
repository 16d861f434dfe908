"""The object graph of one run, made in one place; tests make theirs with other parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmctl.cli.console import Console, standard_console

if TYPE_CHECKING:
    from llmctl.infra.connection import Connection, Ports
    from llmctl.infra.deployment.deployment import Deployment
    from llmctl.infra.deployment.pulumi_cli.setup import SetupReport
    from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli
    from llmctl.infra.diagnosis import Diagnosis
    from llmctl.infra.engine_switch import EngineSwitch
    from llmctl.infra.kubernetes.keys import Keys
    from llmctl.infra.kubernetes.rendered import Rendered
    from llmctl.infra.logs import Log, LogQuery
    from llmctl.infra.project import Project
    from llmctl.infra.reach import Reach
    from llmctl.infra.rehearsal.report import Report
    from llmctl.infra.settings import StackSettings
    from llmctl.infra.stack_file import StackFile
    from llmctl.infra.status import StackStatus
    from llmctl.infra.targets import StackContext, Target
    from llmctl.serving.images.lock import Resolution
    from llmctl.serving.images.mirror import Mirrored
    from llmctl.serving.images.mirror_plan import Copy, MirrorPlan
    from llmctl.serving.images.push import Pushed
    from llmctl.serving.models.facts import ModelFacts
    from llmctl.serving.sizing.answer import Sizing
    from llmctl.serving.sizing.question import Question
    from llmctl.serving.spec import EngineName


def _engine_images() -> list[str]:
    from llmctl.serving.engines.registry import ENGINES

    return [image.reference for engine in ENGINES.values() for image in engine.images.values()]


@dataclass
class Application:
    console: Console = field(default_factory=standard_console)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    directory: Path = field(default_factory=Path.cwd)
    debug: bool = False
    engine_images: Callable[[], Sequence[str]] = _engine_images
    """References of the images that the engines run; `llmctl images lock` asks for them."""

    today: Callable[[], date] = lambda: datetime.now(UTC).date()
    """The day that prices and answers of registries are dated by."""

    @property
    def cache(self) -> Path:
        """llmctl's directory below the user's cache directory: Pulumi CLIs, models."""
        from llmctl.infra.project import user_cache

        return user_cache()

    def project(self) -> Project:
        """The project around the current directory; from then on its secrets are known to the console."""
        from llmctl.infra.project import find_project
        from llmctl.infra.redaction import redaction

        project = find_project(self.directory)
        self.console.redact = redaction(self.environ, project.home)
        self.console.take_log_records(tracebacks=self.debug)
        return project

    def stack_file(self, stack: str) -> StackFile:
        from llmctl.infra.stack_file import read_stack_file

        return read_stack_file(self.project(), stack)

    def stacks(self) -> list[StackStatus]:
        """Every stack of the project; one whose file is wrong, or whose cluster is silent or another, says so there."""
        from llmctl.infra.errors import AccountError, ClusterError, Refused, SettingsError
        from llmctl.infra.status import StackStatus

        found = []
        for name in self.project().stack_names():
            try:
                found.append(self.status(name))
            except (SettingsError, ClusterError, AccountError, Refused) as error:
                found.append(StackStatus(stack=name, target="?", model="?", state=str(error)))
        return found

    def reach(self, stack: str) -> AbstractContextManager[Reach]:
        """The endpoint of a running stack, with its key. Raises EndpointError when the stack is not up."""
        target, settings, context = self._stack(stack)
        return target.reach()(settings, context)

    def status(self, stack: str) -> StackStatus:
        target, settings, context = self._stack(stack)
        return target.status()(settings, context)

    def why(self, stack: str) -> Diagnosis:
        """What is wrong with a stack, in one sentence, and what to do."""
        target, settings, context = self._stack(stack)
        return target.why()(settings, context)

    def logs(self, stack: str, query: LogQuery) -> AbstractContextManager[Log]:
        """What the servers of a stack write; open as long as the block."""
        target, settings, context = self._stack(stack)
        return target.logs()(settings, context, query)

    def connect(self, stack: str, ports: Ports) -> AbstractContextManager[Connection]:
        """Where programs of this machine reach the endpoint, as long as the block."""
        target, settings, context = self._stack(stack)
        return target.connect()(settings, context, ports)

    def kube_token(self, cluster: str, region: str, profile: str | None) -> Mapping[str, Any]:
        """A token for an EKS cluster, as an exec plugin answers. Raises AccountError's kinds."""
        from llmctl.infra.aws.account import Account
        from llmctl.infra.aws.kube_token import exec_credential, kube_token

        return exec_credential(kube_token(Account.of(region, profile), cluster), datetime.now(UTC))

    def keys(self, stack: str) -> Keys:
        """The keys of a stack. Raises SettingsError for a target without a gateway."""
        from llmctl.infra.errors import SettingsError
        from llmctl.infra.settings import TargetName

        _, settings, context = self._stack(stack)
        if settings.target is TargetName.LOCAL:
            raise SettingsError(
                f"{stack} has no gateway that keeps keys: the {settings.target} target has a single key, in a file."
            )
        from llmctl.infra.kubernetes.access import namespace
        from llmctl.infra.kubernetes.keys import Keys
        from llmctl.infra.kubernetes.pin import own_account

        return Keys(own_account(settings, context, writes=True), namespace(settings, context))

    def _stack(self, stack: str) -> tuple[Target, StackSettings, StackContext]:
        from llmctl.infra.stack_file import read_stack_file
        from llmctl.infra.targets import TARGETS, StackContext

        project = self.project()
        file = read_stack_file(project, stack)
        settings = file.settings()
        context = StackContext(project=project, stack=stack, secrets=file.secrets)
        return TARGETS[settings.target], settings, context

    def rendered(self, stack: str) -> Rendered:
        """The Kubernetes objects of a stack. Raises SettingsError for a target that has none."""
        from llmctl.infra.errors import SettingsError
        from llmctl.infra.targets import deployable

        settings = deployable(self.stack_file(stack))
        if settings.cluster is None:
            raise SettingsError(f"The target {settings.target}, which {stack} has, makes no Kubernetes objects.")
        from llmctl.infra.kubernetes.rendered import rendered

        _, settings, context = self._stack(stack)
        return rendered(settings, context, self.environ)

    def deployment(self, stack: str) -> Deployment:
        from llmctl.infra.targets import deployable

        deployable(self.stack_file(stack))  # a mistake is told before Pulumi's SDK is loaded, which takes half a second
        from llmctl.infra.deployment.deployment import Deployment, Surroundings
        from llmctl.infra.deployment.interruption import Interruption

        project = self.project()
        around = Surroundings(
            environ=self.environ,
            cache=self.cache,
            interruption=Interruption(),
            pulumi_cli=self.pulumi_cli,
            redact=lambda text: self.console.redact(text),
        )
        return Deployment(project, stack, around)

    def pulumi_cli(self) -> PulumiCli:
        """A usable Pulumi CLI; where there is none yet, it is fetched or built now, with progress."""
        from llmctl.infra.deployment.pulumi_cli.find import find_pulumi_cli

        return find_pulumi_cli(cache=self.cache, environ=self.environ) or self.setup().cli

    def model_facts(
        self, model_id: str, revision: str | None, quantization: str | None, base: Path | None = None
    ) -> ModelFacts:
        """What sizing needs to know of a model: from disk, the catalogue, or the Hub unless HF_HUB_OFFLINE is set.

        A path is relative to `base`; None: where the user stands. Of a repository of GGUF files the one in that
        quantization is meant.
        """
        from llmctl.infra.redaction import redaction
        from llmctl.serving.models.facts_reader import model_facts
        from llmctl.serving.models.hub import Hub

        self.console.redact = redaction(self.environ, self.directory / ".llmctl")
        offline = self.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")
        hub = None if offline else Hub.from_environment(self.environ)
        return model_facts(model_id, revision=revision, quantization=quantization, base=base or self.directory, hub=hub)

    def size(self, facts: ModelFacts, question: Question, prices: Path | None = None) -> Sizing:
        """Which machine types the model fits, by the prices of the snapshot and of that file."""
        from llmctl.serving.hardware.accelerators import accelerators
        from llmctl.serving.hardware.machine_types import machine_types
        from llmctl.serving.sizing.capability import engine_refuses
        from llmctl.serving.sizing.size import size

        return size(facts, question, machine_types(prices), accelerators(), engine_refuses=engine_refuses)

    def engine_switches(self, stack: str, to: EngineName) -> list[EngineSwitch]:
        """For each model of the stack, what another engine would change. Raises SettingsError for those that cannot."""
        from llmctl.infra.engine_switch import engine_switch
        from llmctl.serving.errors import EngineError, HardwareError, ModelError, SizingError
        from llmctl.serving.images.lock_file import read_lock_file

        file, locked, base = self.stack_file(stack), read_lock_file(self.images_lock()), self.project().stacks
        found: list[EngineSwitch] = []
        mistakes: list[tuple[tuple[str | int, ...], str]] = []
        for name, model in file.settings().models.items():
            try:
                facts = self.model_facts(model.id, model.revision, model.quantization, base)
                found.append(engine_switch(name, model, facts, to, locked))
            except (EngineError, HardwareError, ModelError, SizingError) as error:
                mistakes.append((("models", name), str(error)))
        file.refuse(mistakes)
        return found

    def rehearse(self, stack: str, *, faults: Sequence[str], realtime: bool) -> Report:
        """From nothing to nothing on doubles of the stack's cloud, with progress."""
        from llmctl.infra.rehearsal.rehearse import Rehearsal, rehearse

        rehearsal = Rehearsal(
            project=self.project(),
            stack=stack,
            cli=self.pulumi_cli(),
            environ=self.environ,
            facts=lambda model, revision: self.model_facts(model, revision, None),
            faults=faults,
            realtime=realtime,
        )
        with self.console.live():
            return rehearse(rehearsal, lambda step: self.console.draw(f"rehearsing: {step}"))

    def images_lock(self) -> Path:
        from llmctl.serving.images.lock_file import NAME

        return self.project().stacks / NAME

    def lock_images(self, only: Sequence[str]) -> list[Resolution]:
        """Ask registries for the digests of `only`, or of all that the engines run and the lock file knows."""
        from llmctl.serving.images.lock import update_lock
        from llmctl.serving.images.lock_file import read_lock_file
        from llmctl.serving.images.registry import Registries

        path = self.images_lock()
        with Registries(self.environ) as registries, self.console.live():
            return update_lock(
                path,
                only or [*self.engine_images(), *read_lock_file(path).images],
                registries=registries,
                today=self.today(),
                progress=lambda reference: self.console.draw(f"asking for {reference}"),
            )

    def mirror_images(self, plan: MirrorPlan) -> list[Mirrored]:
        """Copy each image of the plan, with progress."""
        from llmctl.serving.images.mirror import mirror
        from llmctl.serving.images.registry import Registries

        def progress(copy: Copy, done: int, total: int) -> None:
            self.console.draw(f"copying {copy.source}", done, total)

        with Registries(self.environ) as registries, self.console.live():
            return [mirror(copy, registries=registries, progress=progress) for copy in plan.copies]

    def push_image(self, archive: Path, to: str) -> Pushed:
        """Bring the image of an archive into a registry, with progress."""
        from llmctl.serving.images.push import push
        from llmctl.serving.images.registry import Registries

        def progress(done: int, total: int) -> None:
            self.console.draw(f"pushing {archive.name}", done, total)

        with Registries(self.environ) as registries, self.console.live():
            return push(self.directory / archive, to, registries=registries, progress=progress)

    def setup(self) -> SetupReport:
        """Get what deployments need on this machine, with progress."""
        from llmctl.cli.setup_display import setup_display
        from llmctl.infra.deployment.pulumi_cli.setup import setup

        with setup_display(self.console) as progress:
            return setup(cache=self.cache, environ=self.environ, progress=progress)
