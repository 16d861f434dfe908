"""The targets as a rehearsal has them: their own programs, and nobody outside who is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

import pulumi

from llmctl.infra.kubernetes.cluster_facts import ClusterFacts
from llmctl.infra.kubernetes.stack_spec import Outside
from llmctl.infra.kubernetes.weights import reads_gguf
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.rehearsal.isolation import PLACEHOLDER
from llmctl.infra.rehearsal.steps import Job
from llmctl.infra.settings import StackSettings, TargetName
from llmctl.infra.targets import TARGETS, StackContext, Target
from llmctl.serving.images.lock_file import NAME, read_lock_file
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights


@dataclass(frozen=True, kw_only=True)
class RehearsedTarget(Target):
    """A target whose account and cluster are doubles; those check the account themselves, so its guard has nothing to
    ask, and its endpoint is nobody who could answer."""

    job: Job = field(repr=False)

    def _part(self, name: str) -> Any:
        if name == "program":
            return partial(self._declare, import_module(f"llmctl.infra.{self.name}.program").declare)
        if name in ("guard", "explain"):
            return lambda *_: None
        return super()._part(name)

    def _declare(self, declare: Any, settings: StackSettings, context: StackContext) -> None:
        token = pulumi.Output.secret(PLACEHOLDER) if "hubToken" in self.job.secrets else None
        declare(settings, context, ClusterFacts(uid=""), _outside(self.job, context), token)


def rehearsed(job: Job) -> Mapping[TargetName, Target]:
    """For each target that can be rehearsed."""
    return {
        name: RehearsedTarget(name=name, requires=target.requires, remote=True, job=job)
        for name, target in TARGETS.items()
        if name in REHEARSABLE
    }


REHEARSABLE = (TargetName.AWS,)
"""Targets that make what they run on. A local stack is its own rehearsal, and for one in a cluster any cluster is."""


def _outside(job: Job, context: StackContext) -> Outside:
    return Outside(
        facts=lambda model, _: _facts(job, model),
        list_files=lambda model: _files(job, model),
        locked=read_lock_file(context.project.stacks / NAME),
    )


def _facts(job: Job, model: ModelSettings) -> ModelFacts:
    return catalogue()[model.id] if model.id in catalogue() else job.models[model.id]


def _files(job: Job, model: ModelSettings) -> Weights:
    """One file of the size that the model has, as a Hub would name it."""
    digest = hashlib.sha256(model.id.encode()).hexdigest()
    name = "model.gguf" if reads_gguf(model) else "model.safetensors"
    size = _facts(job, model).weight_bytes
    return Weights(
        kind=SourceKind.HUB,
        url="https://huggingface.co",
        repository=model.id,
        revision=model.revision or digest[:40],
        files=(WeightFile(path=name, size=size, sha256=digest),),
    )
