"""What IAM refuses of roles, policies and providers of identity."""

from __future__ import annotations

import re

from llmctl.infra.rehearsal.aws.refusals.keys import ROLE, SERVICE_LINKED_ROLE, missing_identity
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_account, referred
from llmctl.infra.rehearsal.aws.refusals.policy import Kind, problem, read, size
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

POLICY = "aws:iam/policy:Policy"
INLINE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
INSTANCE_PROFILE = "aws:iam/instanceProfile:InstanceProfile"
OIDC_PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"

API = "https://docs.aws.amazon.com/IAM/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide"
QUOTAS = f"{GUIDE}/reference_iam-quotas.html"

ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
MOST_TRUST = 2_048
"""Characters without white space, until AWS raises the quota (to 4,096 at most)."""

MOST_MANAGED = 6_144
MOST_INLINE = 10_240
"""Of all inline policies of a role together."""

MOST_ATTACHED = 10


@refuses(ROLE, code="ValidationError", documentation=f"{API}/API_CreateRole.html")
def role_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "unnamed"))
    if ROLE_NAME.fullmatch(name):
        return None
    return f"Value '{name}' at 'roleName' failed to satisfy constraint: 1 to 64 of letters, digits and _+=,.@-."


@refuses(ROLE, code="EntityAlreadyExists", documentation=QUOTAS)
def role_exists(request: Request, world: World) -> str | None:
    return _exists(request, world, "Role")


@refuses(ROLE, code="MalformedPolicyDocument", documentation=f"{GUIDE}/reference_policies_grammar.html", on=WRITE)
def trust_grammar(request: Request, _: World) -> str | None:
    return problem(request.inputs.get("assumeRolePolicy"), Kind.TRUST)


@refuses(ROLE, code="LimitExceeded", documentation=QUOTAS, on=WRITE)
def trust_size(request: Request, _: World) -> str | None:
    characters = size(request.inputs.get("assumeRolePolicy", ""))
    if characters <= MOST_TRUST:
        return None
    return f"Cannot exceed quota for ACLSizePerRole: {MOST_TRUST} (the trust policy has {characters})."


@refuses(
    ROLE, code="MalformedPolicyDocument", documentation=f"{GUIDE}/reference_policies_elements_principal.html", on=WRITE
)
def trust_names_nobody(request: Request, world: World) -> str | None:
    arn = missing_identity(request, world, read(request.inputs.get("assumeRolePolicy")) or {})
    return arn and f'Invalid principal in policy: "AWS":"{arn}".'


@refuses(
    POLICY,
    INLINE_POLICY,
    code="MalformedPolicyDocument",
    documentation=f"{GUIDE}/reference_policies_grammar.html",
    on=WRITE,
)
def policy_grammar(request: Request, _: World) -> str | None:
    return problem(request.inputs.get("policy"), Kind.IDENTITY)


@refuses(POLICY, code="LimitExceeded", documentation=QUOTAS, on=WRITE)
def managed_policy_size(request: Request, _: World) -> str | None:
    characters = size(request.inputs.get("policy", ""))
    if characters <= MOST_MANAGED:
        return None
    return f"Cannot exceed quota for PolicySize: {MOST_MANAGED} (the policy has {characters})."


@refuses(POLICY, code="EntityAlreadyExists", documentation=f"{API}/API_CreatePolicy.html")
def managed_policy_exists(request: Request, world: World) -> str | None:
    return _exists(request, world, "Policy")


@refuses(INLINE_POLICY, code="LimitExceeded", documentation=QUOTAS, on=WRITE)
def inline_policies_size(request: Request, world: World) -> str | None:
    role = request.inputs.get("role")
    others = [one for one in in_account(request, world, INLINE_POLICY) if one.outputs.get("role") == role]
    characters = sum(size(policy) for policy in [request.inputs.get("policy"), *_policies(others)])
    if characters <= MOST_INLINE:
        return None
    return f"Maximum policy size of {MOST_INLINE} bytes exceeded for role {role} (all inline policies: {characters})."


@refuses(INLINE_POLICY, ATTACHMENT, INSTANCE_PROFILE, code="NoSuchEntity", documentation=f"{API}/API_GetRole.html")
def no_such_role(request: Request, world: World) -> str | None:
    role = request.inputs.get("role")
    if role is None or referred(request, world, ROLE, role):
        return None
    return f"The role with name {role} cannot be found."


@refuses(ATTACHMENT, code="NoSuchEntity", documentation=f"{API}/API_AttachRolePolicy.html")
def no_such_policy(request: Request, world: World) -> str | None:
    arn = str(request.inputs.get("policyArn", ""))
    if f":iam::{request.account}:" not in arn or referred(request, world, POLICY, arn):
        return None
    return f"Policy {arn} does not exist or is not attachable."


@refuses(ATTACHMENT, code="LimitExceeded", documentation=QUOTAS)
def attached_policies(request: Request, world: World) -> str | None:
    role = request.inputs.get("role")
    attached = [one for one in in_account(request, world, ATTACHMENT) if one.outputs.get("role") == role]
    if len(attached) < MOST_ATTACHED:
        return None
    return f"Cannot exceed quota for PoliciesPerRole: {MOST_ATTACHED}."


@refuses(OIDC_PROVIDER, code="EntityAlreadyExists", documentation=f"{API}/API_CreateOpenIDConnectProvider.html")
def oidc_provider_exists(request: Request, world: World) -> str | None:
    """One for an issuer and account: two stacks in an account share it."""
    url = str(request.inputs.get("url", "")).removeprefix("https://")
    for provider in in_account(request, world, OIDC_PROVIDER):
        if url and str(provider.outputs.get("url", "")).removeprefix("https://") == url:
            return f"Provider with url https://{url} already exists."
    return None


@refuses(SERVICE_LINKED_ROLE, code="InvalidInput", documentation=f"{API}/API_CreateServiceLinkedRole.html")
def service_linked_role_exists(request: Request, world: World) -> str | None:
    service, suffix = request.inputs.get("awsServiceName"), request.inputs.get("customSuffix")
    for role in in_account(request, world, SERVICE_LINKED_ROLE):
        if (role.outputs.get("awsServiceName"), role.outputs.get("customSuffix")) == (service, suffix):
            name = role.outputs.get("name", role.id)
            return f"Service role name {name} has been taken in this account, please try a different suffix."
    return None


def _exists(request: Request, world: World, what: str) -> str | None:
    """Names of IAM differ in more than case."""
    name = request.inputs.get("name")
    for one in in_account(request, world, request.type):
        if name and str(one.outputs.get("name", one.id)).lower() == str(name).lower():
            return f"{what} with name {name} already exists."
    return None


def _policies(things: list[Existing]) -> list[object]:
    return [thing.outputs.get("policy") for thing in things]


RULES = (
    role_name,
    role_exists,
    trust_grammar,
    trust_size,
    trust_names_nobody,
    policy_grammar,
    managed_policy_size,
    managed_policy_exists,
    inline_policies_size,
    no_such_role,
    no_such_policy,
    attached_policies,
    oidc_provider_exists,
    service_linked_role_exists,
)
