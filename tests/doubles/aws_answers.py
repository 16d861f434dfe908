"""An account that answers what moto does not know, such as EC2's quotas, and asks moto for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.api import Identity


@dataclass(frozen=True)
class WithQuotas:
    account: Account
    quotas: Mapping[str, float]
    """Of EC2 and VPC, by name; a code is made of the name."""

    @property
    def region(self) -> str:
        return self.account.region

    def identity(self) -> Identity:
        return self.account.identity()

    def ask(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
        return self.account.ask(service, operation, **parameters)

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        if service != "service-quotas":
            yield from self.account.pages(service, operation, key, **parameters)
        elif operation == "list_service_quotas":
            for name, value in self.quotas.items():
                yield {"QuotaName": name, "QuotaCode": f"L-{len(name):08X}", "Value": value}
