"""EngineRelease: an engine as one release of it was read. What differs between engines is data and two functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from llmctl.serving.engines.architecture_list import stored_architectures
from llmctl.serving.engines.behaviour import Behaviour
from llmctl.serving.engines.container import ContainerSpec, Image, Metrics
from llmctl.serving.engines.engine import Architectures, Engine, Feature, Platform, Support
from llmctl.serving.engines.flags import FlagList, stored_flags
from llmctl.serving.engines.support import first_refusal
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.spec import EngineName, ServingSpec

Conflicts = Callable[[ServingSpec, Accelerator | None, ModelFacts | None], Iterator[str]]
"""Settings that each exist and together end the start, or are silently dropped: the reasons."""

MakeContainer = Callable[[Engine, ServingSpec, Accelerator | None], ContainerSpec]


@dataclass(kw_only=True, eq=False)  # not frozen: a Protocol's attributes can be set, in mypy's reading
class EngineRelease:
    """The fields are those of Engine."""

    name: EngineName
    title: str
    release: str
    notice: str = ""
    images: Mapping[Platform, Image]
    features: Mapping[Feature, Support]
    quantizations: Mapping[str, Support]
    kv_cache_dtypes: Mapping[str, Support]
    compute_capabilities: tuple[tuple[int, int], tuple[int, int] | None]
    settings: Mapping[str, tuple[str, ...]]
    refused_flags: Mapping[str, str]
    metrics: Metrics
    behaviour: Behaviour
    conflicts: Conflicts
    make_container: MakeContainer

    @property
    def read_for(self) -> str:
        return f"=={self.release}"

    @property
    def architectures(self) -> Architectures:
        return stored_architectures(self.name)

    @property
    def flags(self) -> FlagList:
        return replace(stored_flags(self.name), engine=self.title)

    def container(self, spec: ServingSpec, accelerator: Accelerator | None) -> ContainerSpec:
        if reason := self.refuses(spec, accelerator):
            raise EngineError(reason)
        return self.make_container(self, spec, accelerator)

    def refuses(
        self, spec: ServingSpec, accelerator: Accelerator | None, facts: ModelFacts | None = None
    ) -> str | None:
        return first_refusal(self, spec, accelerator, facts) or next(self.conflicts(spec, accelerator, facts), None)
