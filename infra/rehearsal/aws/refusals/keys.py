"""What KMS refuses of a key, its policy and its alias."""

from __future__ import annotations

import re

from llmctl.infra.aws.names import PREFIX
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_account, in_region, number
from llmctl.infra.rehearsal.aws.refusals.policy import (
    ROLE_OR_USER,
    ROOT,
    Document,
    Kind,
    Statement,
    allows,
    named_identities,
    principals,
    problem,
    read,
    statements,
    written,
)
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.cloud.request import Request, World

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
ALIAS = "aws:kms/alias:Alias"
ROLE = "aws:iam/role:Role"
USER = "aws:iam/user:User"
SERVICE_LINKED_ROLE = "aws:iam/serviceLinkedRole:ServiceLinkedRole"

SERVICE_ROLES = "aws-service-role/"
DOCS = "https://docs.aws.amazon.com/kms/latest"
CREATE_KEY = f"{DOCS}/APIReference/API_CreateKey.html"
PUT_KEY_POLICY = f"{DOCS}/APIReference/API_PutKeyPolicy.html"

MOST_POLICY_BYTES = 32_768
DELETION_DAYS = range(7, 31)
ROTATION_DAYS = range(90, 2561)
ALIAS_NAME = re.compile(r"alias/[a-zA-Z0-9/_-]+")
"""At most 256 characters."""


@refuses(KEY, KEY_POLICY, code="MalformedPolicyDocumentException", documentation=CREATE_KEY, on=WRITE)
def key_policy_grammar(request: Request, _: World) -> str | None:
    policy = request.inputs.get("policy")
    return problem(policy, Kind.RESOURCE) if policy else None


@refuses(KEY, KEY_POLICY, code="LimitExceededException", documentation=f"{DOCS}/developerguide/limits.html", on=WRITE)
def key_policy_size(request: Request, _: World) -> str | None:
    policy = request.inputs.get("policy")
    bytes_ = len(written(policy).encode()) if policy else 0
    if bytes_ <= MOST_POLICY_BYTES:
        return None
    return f"The key policy has {bytes_} bytes; {MOST_POLICY_BYTES} are allowed."


@refuses(KEY, KEY_POLICY, code="MalformedPolicyDocumentException", documentation=PUT_KEY_POLICY, on=WRITE)
def key_policy_locks_its_maker_out(request: Request, _: World) -> str | None:
    document = read(request.inputs.get("policy")) if request.inputs.get("policy") else None
    bypassed = request.inputs.get("bypassPolicyLockoutSafetyCheck")
    if document is None or bypassed or any(_keeps(one, request.account) for one in statements(document)):
        return None
    return "The new key policy will not allow you to update the key policy in the future."


@refuses(KEY, KEY_POLICY, code="MalformedPolicyDocumentException", documentation=PUT_KEY_POLICY, on=WRITE)
def key_policy_names_nobody(request: Request, world: World) -> str | None:
    arn = missing_identity(request, world, read(request.inputs.get("policy")) or {})
    return arn and f"Policy contains a statement with one or more invalid principals: {arn} is not there (yet)."


@refuses(KEY, code="ValidationException", documentation=f"{DOCS}/APIReference/API_ScheduleKeyDeletion.html", on=WRITE)
def key_deletion_window(request: Request, _: World) -> str | None:
    days = number(request.inputs, "deletionWindowInDays")
    if days is None or days in DELETION_DAYS:
        return None
    return f"PendingWindowInDays is {days:.0f}; 7 to 30 days are allowed."


@refuses(KEY, code="ValidationException", documentation=f"{DOCS}/APIReference/API_EnableKeyRotation.html", on=WRITE)
def key_rotation_period(request: Request, _: World) -> str | None:
    days = number(request.inputs, "rotationPeriodInDays")
    if days is None or days in ROTATION_DAYS:
        return None
    return f"RotationPeriodInDays is {days:.0f}; 90 to 2560 days are allowed."


@refuses(ALIAS, code="InvalidAliasNameException", documentation=f"{DOCS}/APIReference/API_CreateAlias.html")
def alias_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "alias/unnamed"))
    if ALIAS_NAME.fullmatch(name) and not name.startswith("alias/aws/") and len(name) <= 256:
        return None
    return f"'{name}' is no alias: alias/ and letters, digits, /, _ and -; alias/aws/ belongs to AWS."


@refuses(ALIAS, code="AlreadyExistsException", documentation=f"{DOCS}/APIReference/API_CreateAlias.html")
def alias_exists(request: Request, world: World) -> str | None:
    name = request.inputs.get("name")
    taken = any(name and one.outputs.get("name") == name for one in in_region(request, world, ALIAS))
    return f"An alias with the name {name} already exists." if taken else None


def missing_identity(request: Request, world: World, document: Document) -> str | None:
    """A principal that a stack or a service makes and that is not there. Others' roles are believed to be."""
    known = {one.outputs.get("arn") for one in in_account(request, world, ROLE, USER, SERVICE_LINKED_ROLE)}
    for arn in named_identities(document):
        match = ROLE_OR_USER.fullmatch(arn)
        made = match and (match["name"].startswith((f"{PREFIX}-", SERVICE_ROLES)))
        if match and made and match["account"] == request.account and arn not in known:
            return arn
    return None


def _keeps(statement: Statement, account: str) -> bool:
    """Whether somebody of the account may still change the policy."""
    if statement.get("Effect") != "Allow" or not allows(statement, "kms:PutKeyPolicy"):
        return False
    return any(_is_ours(str(one), account) for one in principals(statement, "AWS"))


def _is_ours(principal: str, account: str) -> bool:
    match = ROOT.fullmatch(principal) or ROLE_OR_USER.fullmatch(principal)
    return principal == "*" or (match is not None and match["account"] == account)


RULES = (
    key_policy_grammar,
    key_policy_size,
    key_policy_locks_its_maker_out,
    key_policy_names_nobody,
    key_deletion_window,
    key_rotation_period,
    alias_name,
    alias_exists,
)
