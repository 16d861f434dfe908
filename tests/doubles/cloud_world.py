"""A world of a few things, and requests to it: what a rule of a cloud double reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from llmctl.infra.rehearsal.aws.refusals.rule import AwsRule
from llmctl.infra.rehearsal.cloud.request import Existing, Operation, Request

ACCOUNT = "111122223333"
REGION = "eu-central-1"
SOME_DAY = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True)
class FewThings:
    """The World of a test."""

    things: tuple[Existing, ...] = ()

    def of_type(self, *types: str) -> Iterable[Existing]:
        return (thing for thing in self.things if thing.type in types)

    def find(self, type_: str, id_: str) -> Existing | None:
        return next((thing for thing in self.of_type(type_) if thing.id == id_), None)


def there(
    type_: str, id_: str, *, region: str = REGION, account: str = ACCOUNT, made_by: str = "pulumi", **outputs: Any
) -> Existing:
    return Existing(
        type=type_,
        id=id_,
        account=account,
        region=region,
        inputs=outputs,
        outputs={"id": id_, **outputs},
        created=SOME_DAY,
        made_by=made_by,
    )


def create(type_: str, *, region: str = REGION, **inputs: Any) -> Request:
    return Request(operation=Operation.CREATE, type=type_, account=ACCOUNT, region=region, inputs=inputs)


def update(type_: str, id_: str, *, before: dict[str, Any] | None = None, **inputs: Any) -> Request:
    return Request(
        operation=Operation.UPDATE,
        type=type_,
        account=ACCOUNT,
        region=REGION,
        inputs=inputs,
        id=id_,
        before=before or {},
    )


def delete(type_: str, id_: str, **inputs: Any) -> Request:
    return Request(
        operation=Operation.DELETE,
        type=type_,
        account=ACCOUNT,
        region=REGION,
        inputs=inputs,
        id=id_,
        before={"id": id_, **inputs},
    )


@dataclass(frozen=True)
class Case:
    """A request that a rule refuses, and the nearest one that nothing refuses."""

    rule: AwsRule
    refused: Request
    allowed: Request
    world: tuple[Existing, ...] = ()
    allowed_world: tuple[Existing, ...] | None = None
    """Where the difference is in what is there; otherwise the same."""

    @property
    def before(self) -> FewThings:
        return FewThings(self.world)

    @property
    def nearest(self) -> FewThings:
        return FewThings(self.world if self.allowed_world is None else self.allowed_world)

    def __str__(self) -> str:
        return self.rule.name
