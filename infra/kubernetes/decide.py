"""What a stack's settings mean in its cluster, with everything that has to be asked for it."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.infra.kubernetes.access import namespace, open_account
from llmctl.infra.kubernetes.cluster_facts import ClusterFacts, read_cluster
from llmctl.infra.kubernetes.stack_spec import Decided, Outside, stack_spec
from llmctl.infra.kubernetes.weights import Listers, hub_of
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.images.lock_file import NAME, read_lock_file
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts_reader import model_facts
from llmctl.serving.models.hub import Hub


def decide(settings: StackSettings, context: StackContext, environ: Mapping[str, str]) -> tuple[ClusterFacts, Decided]:
    """Asks the cluster, and the Hub for what is not known yet. Raises ClusterError's kinds, and stack_spec's."""
    cluster = read_cluster(open_account(settings, context), namespace(settings, context))
    return cluster, stack_spec(settings, context, cluster, outside(context, environ))


def outside(context: StackContext, environ: Mapping[str, str]) -> Outside:
    """The Hub as the environment says, none with HF_HUB_OFFLINE; the lock file of the project's images."""
    offline = environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")
    hub = None if offline else Hub.from_environment(environ)
    stacks = context.project.stacks
    return Outside(
        facts=lambda model, found: model_facts(
            model.id,
            revision=_revision(model, found),
            quantization=model.quantization,
            base=stacks,
            hub=hub_of(model, hub),
        ),
        list_files=Listers(hub=hub, environ=environ, hub_token="hubToken" in context.secrets),
        locked=read_lock_file(stacks / NAME),
    )


def _revision(model: ModelSettings, found: str | None) -> str | None:
    """What is written, else where the files were found, so that facts and files are of one commit; the catalogue knows
    its models without."""
    return model.revision or (None if model.id in catalogue() else found)
