"""Statements and documents of IAM's policy language.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from llmctl.infra.aws.policies.unscoped import UNSCOPED

Statement = dict[str, Any]
Document = dict[str, Any]
Conditions = Mapping[str, Mapping[str, Any]]
"""Operator -> condition key -> value or values."""

Principal = Mapping[str, Any] | str


def allow(
    sid: str,
    actions: Iterable[str],
    resources: str | Iterable[str] | None = None,
    *,
    to: Principal | None = None,
    when: Conditions | None = None,
) -> Statement:
    """`resources`: None in a trust policy, which is about its role. `to`: only in policies of resources."""
    return _statement("Allow", sid, actions, resources, to, when)


def deny(
    sid: str, actions: Iterable[str], resources: str | Iterable[str], *, to: Principal, when: Conditions
) -> Statement:
    return _statement("Deny", sid, actions, resources, to, when)


def anywhere(sid: str, actions: Iterable[str], *, when: Conditions | None = None) -> Statement:
    """Actions that the API cannot hold to a resource. Raises KeyError for one that is not listed with its reason."""
    wanted = list(actions)
    for action in wanted:
        UNSCOPED[action]
    return _statement("Allow", sid, wanted, "*", None, when)


def document(*statements: Statement) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def text(policy: Document) -> str:
    """As AWS takes it, without blanks: they do not count towards a role's limit, but to a bucket's they do."""
    return json.dumps(policy, separators=(",", ":"))


def _statement(
    effect: str,
    sid: str,
    actions: Iterable[str],
    resources: str | Iterable[str] | None,
    to: Principal | None,
    when: Conditions | None,
) -> Statement:
    made: Statement = {"Sid": sid, "Effect": effect}
    if to is not None:
        made["Principal"] = to
    made["Action"] = list(actions)
    if resources is not None:
        made["Resource"] = [resources] if isinstance(resources, str) else list(resources)
    if when:
        made["Condition"] = {operator: dict(tests) for operator, tests in when.items()}
    return made
