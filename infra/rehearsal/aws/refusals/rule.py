"""AwsRule: one refusal or limit of AWS, with its error code and the page that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llmctl.infra.rehearsal.cloud.request import Operation, Refusal, Request, World

Message = Callable[[Request, World], str | None]
"""What AWS would say to the request, or None."""

CREATE = (Operation.CREATE,)
UPDATE = (Operation.UPDATE,)
WRITE = (Operation.CREATE, Operation.UPDATE)
DELETE = (Operation.DELETE,)


@dataclass(frozen=True, kw_only=True)
class AwsRule:
    name: str
    types: tuple[str, ...]
    """Pulumi's tokens, or beginnings of them: `aws:ec2/` is all of EC2."""

    operations: tuple[Operation, ...]
    code: str
    documentation: str
    message: Message
    later: bool
    """AWS takes the request, and what was asked for never works. The double says so at once."""

    def __call__(self, request: Request, world: World) -> Refusal | None:
        if request.operation not in self.operations or not request.type.startswith(self.types):
            return None
        message = self.message(request, world)
        if message is None:
            return None
        return Refusal(code=self.code, message=message, documentation=self.documentation)


def refuses(
    *types: str, code: str, documentation: str, on: tuple[Operation, ...] = CREATE, later: bool = False
) -> Callable[[Message], AwsRule]:
    """Makes a rule of a function that returns AWS's message, or None where AWS has nothing against the request."""

    def rule(message: Message) -> AwsRule:
        return AwsRule(
            name=message.__name__,
            types=types,
            operations=on,
            code=code,
            documentation=documentation,
            message=message,
            later=later,
        )

    return rule
