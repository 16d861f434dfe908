"""What a provider asks of the cloud, what is there, and a refusal: the words of the double's rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Operation(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Existing:
    """Something that is there in the cloud: made by Pulumi, by the cloud itself, or by somebody else."""

    type: str
    """Pulumi's token, such as aws:ec2/vpc:Vpc."""

    id: str
    account: str
    region: str
    inputs: Mapping[str, Any]
    """As the provider got them, names in camelCase, secrets in clear (the store is a rehearsal's own)."""

    outputs: Mapping[str, Any]
    """Inputs, defaults and what the cloud has added: arn, id, endpoint."""

    created: datetime
    made_by: str = "pulumi"
    """`pulumi`, or the service that made it without being asked (eks, vpc-cni, ebs-csi)."""


@dataclass(frozen=True, kw_only=True)
class Request:
    operation: Operation
    type: str
    account: str
    region: str
    inputs: Mapping[str, Any]
    """Of a delete: those it was made with."""

    id: str | None = None
    """Of an update or delete."""

    before: Mapping[str, Any] = field(default_factory=dict)
    """Outputs before an update or delete."""


class World(Protocol):
    """What is there, in all regions of all accounts of the store."""

    def of_type(self, *types: str) -> Iterable[Existing]: ...

    def find(self, type_: str, id_: str) -> Existing | None: ...


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What the original would answer."""

    code: str
    """The API's own error code, such as InvalidSubnet.Conflict."""

    message: str
    documentation: str
    """Address of the page that says so."""


Rule = Callable[[Request, World], Refusal | None]
