"""Values that come after resources which they are not made of."""

from __future__ import annotations

from typing import TypeVar

import pulumi

T = TypeVar("T")


def after(value: pulumi.Output[T], *resources: pulumi.Resource) -> pulumi.Output[T]:
    """The same value; what uses it is made after the resources and deleted before them.

    Their URNs carry that, and not their ids: a preview knows a URN before there is the resource. With an unknown id
    every use of the value would be unknown, and a new way out of a subnet look like new nodes.
    """
    return pulumi.Output.all(value, *(resource.urn for resource in resources)).apply(_first)


def _first(values: list[T]) -> T:
    return values[0]
