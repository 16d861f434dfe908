"""What llmctl asks AWS, as a Protocol: an account answers it, and so can the double of a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose credentials these are."""

    account: str
    """Twelve digits."""

    arn: str
    """Of the user or the assumed role."""

    @property
    def partition(self) -> str:
        """aws, aws-cn, aws-us-gov."""
        return self.arn.split(":")[1]


class Api(Protocol):
    """One account in one region. Every method raises AccountError's kinds."""

    @property
    def region(self) -> str: ...

    def identity(self) -> Identity: ...

    def ask(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """One call: `ask("eks", "describe_cluster", name="a")`, names as in boto3."""
        ...

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """What stands under `key` of every page of a listing."""
        ...
