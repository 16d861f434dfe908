"""Policies as AWS reads them: what is wrong with one, whom it admits, how long it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

Document = Mapping[str, Any]
Statement = Mapping[str, Any]

VERSIONS = ("2012-10-17", "2008-10-17")
ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*?]+|\*")
RESOURCE = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+|\*")
ROLE_OR_USER = re.compile(r"arn:[^:]+:iam::(?P<account>[0-9]{12}):(role|user)/(?P<name>.+)")
ROOT = re.compile(r"(arn:[^:]+:iam::)?(?P<account>[0-9]{12})(:root)?")


class Kind(Enum):
    IDENTITY = "of a role"
    TRUST = "who may take a role"
    RESOURCE = "of a key or bucket"


def read(text: object) -> Document | None:
    """A policy in JSON, None where it is none; the provider takes an object too."""
    if isinstance(text, Mapping):
        return text
    try:
        document = json.loads(str(text))
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def size(text: object) -> int:
    """Characters that IAM counts: all but white space."""
    return len("".join(written(text).split()))


def written(text: object) -> str:
    return text if isinstance(text, str) else json.dumps(text, separators=(",", ":"))


def problem(text: object, kind: Kind) -> str | None:
    """What is wrong with the grammar; docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html."""
    document = read(text)
    if document is None:
        return "Syntax errors in policy."
    if document.get("Version", VERSIONS[0]) not in VERSIONS:
        return f"The policy must contain a valid version string, not {document['Version']!r}."
    found = list(statements(document))
    if not found:
        return "Syntax errors in policy: it has no statement."
    return next((wrong for statement in found if (wrong := _problem_of(statement, kind))), None)


def statements(document: Document) -> Iterator[Statement]:
    for statement in as_list(document.get("Statement")):
        if isinstance(statement, Mapping):
            yield statement


def as_list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def principals(statement: Statement, kind: str) -> list[str]:
    """Of a kind such as AWS or Service."""
    principal = statement.get("Principal")
    if principal == "*":
        return ["*"]
    return as_list(principal.get(kind)) if isinstance(principal, Mapping) else []


def named_identities(document: Document) -> Iterator[str]:
    """ARNs of roles and users that a policy names as principals."""
    for statement in statements(document):
        yield from (arn for arn in principals(statement, "AWS") if ROLE_OR_USER.fullmatch(str(arn)))


def admits(document: Document, principal: str, action: str, *, kind: str = "AWS") -> bool:
    """Whether a policy allows an action to a principal that it names, or to all that its conditions let through."""
    return any(_admits(statement, principal, action, kind) for statement in statements(document))


def _admits(statement: Statement, principal: str, action: str, kind: str) -> bool:
    if statement.get("Effect") != "Allow" or not {principal, "*"} & set(principals(statement, kind)):
        return False
    named = _condition(statement, "aws:PrincipalArn")
    if kind == "AWS" and named and not any(fnmatchcase(principal, pattern) for pattern in named):
        return False
    return allows(statement, action)


def allows(statement: Statement, action: str) -> bool:
    patterns = as_list(statement.get("Action"))
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns)


def _condition(statement: Statement, key: str) -> list[str]:
    conditions = statement.get("Condition")
    tests = conditions.values() if isinstance(conditions, Mapping) else ()
    return [value for test in tests if isinstance(test, Mapping) for value in as_list(test.get(key))]


def _problem_of(statement: Statement, kind: Kind) -> str | None:
    principal = "Principal" in statement or "NotPrincipal" in statement
    resource = "Resource" in statement or "NotResource" in statement
    actions = as_list(statement.get("Action", statement.get("NotAction")))
    checks = (
        (statement.get("Effect") not in ("Allow", "Deny"), "Syntax errors in policy: Effect is Allow or Deny."),
        (not actions, "Policy statement must contain actions."),
        (not all(ACTION.fullmatch(str(action)) for action in actions), _unprefixed(actions)),
        (kind is Kind.IDENTITY and principal, "Policy document should not specify a principal."),
        (kind is not Kind.IDENTITY and not principal, "Missing required field Principal."),
        (kind is Kind.TRUST and resource, "Has prohibited field Resource."),
        (kind is not Kind.TRUST and not resource, "Policy statement must contain resources."),
        (kind is Kind.IDENTITY and not _are_arns(statement), "Resources must be in ARN format or '*'."),
    )
    return next((message for wrong, message in checks if wrong), None)


def _unprefixed(actions: list[Any]) -> str:
    wrong = next((action for action in actions if not ACTION.fullmatch(str(action))), "")
    return f"Actions must be prefaced by a vendor such as iam or ec2, which {wrong!r} is not."


def _are_arns(statement: Statement) -> bool:
    resources = as_list(statement.get("Resource", statement.get("NotResource")))
    return all(RESOURCE.fullmatch(str(resource)) for resource in resources)
