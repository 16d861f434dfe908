"""Package: what a cloud's double has to know, of its types and of its answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from llmctl.infra.rehearsal.cloud.faults import Fault
from llmctl.infra.rehearsal.cloud.request import Existing, Refusal, Request, Rule, World
from llmctl.infra.rehearsal.difference import Same

Inputs = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Home:
    """Where the resources of one provider go, and the provider's own settings."""

    account: str
    region: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of the program."""

    urn: str
    type: str
    name: str

    @classmethod
    def of(cls, urn: str) -> Resource:
        return cls(urn=urn, type=urn.split("::")[2].rpartition("$")[2], name=urn.rpartition("::")[2])


@dataclass(frozen=True, kw_only=True)
class Naming:
    """How the engine wants a resource named that the program leaves without a name."""

    seed: bytes
    proposed: str | None


@dataclass(frozen=True)
class Problem:
    """With inputs, before anything is asked of the cloud."""

    property: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What the cloud makes by itself for another thing."""

    thing: Existing
    stays: bool = False
    """When the other one is taken away."""


@dataclass(frozen=True, kw_only=True)
class Made:
    id: str
    outputs: Inputs
    beside: tuple[Beside, ...] = ()


class Package(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def rules(self) -> Sequence[Rule]: ...

    @property
    def same(self) -> Same: ...

    def config_problems(self, settings: Inputs) -> list[Problem]: ...

    def home(self, settings: Inputs) -> Home:
        """Raises Rejected where the provider would not start."""

    def knows(self, type_: str) -> bool: ...

    def checked(
        self, resource: Resource, news: Inputs, olds: Inputs, home: Home, naming: Naming
    ) -> tuple[Inputs, list[Problem]]:
        """The inputs with what the provider adds: names, defaults, tags."""

    def replacing(self, type_: str, news: Inputs) -> Sequence[str]:
        """Fields that cannot be changed in place, in the notation of `difference.changes`."""

    def deleted_first(self, type_: str, olds: Inputs, news: Inputs) -> bool:
        """When it is replaced: there cannot be two at a time."""

    def with_secrets(self, values: Inputs, given: Inputs) -> Inputs:
        """`values` with everything wrapped that the state must not show."""

    def previewed(self, type_: str, before: Inputs, news: Inputs) -> Inputs:
        """Outputs as far as they are known before a create or update; what is known later, within them, as unknown."""

    def region_of(self, inputs: Inputs, home: Home) -> str: ...

    def validate(self, request: Request) -> None:
        """What the cloud's client refuses by itself. Raises Rejected."""

    def made(self, resource: Resource, request: Request, generation: int, world: World) -> Made: ...

    def changed(self, resource: Resource, request: Request, before: Existing) -> Inputs:
        """The outputs after an update."""

    def refused(self, resource: Resource, request: Request, refusal: Refusal) -> str:
        """In the words of the original."""

    def failure(self, fault: Fault, resource: Resource, request: Request) -> str:
        """What the original says where the fault happens."""

    def lets_go(self, fault: Fault, home: Home) -> bool:
        """Whether a resource that cannot be deleted for this is dropped from the state all the same."""

    def zones_of(self, request: Request, world: World) -> Iterable[str]:
        """Where machines are wanted at once, and other places in which a fault may be."""

    def retries(self) -> int:
        """Attempts that the provider makes where it is throttled, before it gives up."""

    def usually(self, request: Request) -> float:
        """Seconds that the original takes."""

    def call(self, token: str, arguments: Inputs, home: Home, world: World) -> Inputs:
        """A function. Raises Rejected for one that cannot be answered."""
