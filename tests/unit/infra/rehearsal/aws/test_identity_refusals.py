from __future__ import annotations

import json
from typing import Any

import pytest
from doubles.cloud_world import ACCOUNT, Case, FewThings, create, there
from drivers.refusals import assert_all_have_a_case, assert_told_apart

from llmctl.infra.rehearsal.aws.refusals import identity, tags
from llmctl.infra.rehearsal.aws.refusals.keys import ROLE, SERVICE_LINKED_ROLE
from llmctl.infra.rehearsal.cloud.request import Request

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/llmctl-dev-deployer"
POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/models"
NODE = there(ROLE, "node", name="node", arn=f"arn:aws:iam::{ACCOUNT}:role/node")
MODELS = there(identity.POLICY, POLICY_ARN, name="models", arn=POLICY_ARN)


def document(**statement: Any) -> str:
    whole = {"Effect": "Allow", "Action": "sts:AssumeRole", **statement}
    return json.dumps({"Version": "2012-10-17", "Statement": whole}, separators=(",", ":"))


EC2 = {"Service": "ec2.amazonaws.com"}
READ = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::models/*"}


def role(name: str = "role", **statement: Any) -> Request:
    return create(ROLE, name=name, assumeRolePolicy=document(**{"Principal": EC2, **statement}))


def managed(name: str = "policy", **statement: Any) -> Request:
    return create(identity.POLICY, name=name, policy=document(**{**READ, **statement}))


def inline(characters: int) -> Request:
    empty = len(document(**READ, Sid=""))
    return create(identity.INLINE_POLICY, role="node", policy=document(**READ, Sid="a" * (characters - empty)))


def attach(policy: str) -> Request:
    return create(identity.ATTACHMENT, role="node", policyArn=policy)


def attached(count: int) -> tuple[Any, ...]:
    return tuple(there(identity.ATTACHMENT, f"node-{number}", role="node") for number in range(count))


CASES = [
    Case(identity.role_name, role("a" * 65), role("a" * 64)),
    Case(identity.role_name, role("llmctl/node"), role("llmctl-node")),
    Case(identity.role_exists, role("Node"), role("node-2"), (NODE,)),
    Case(identity.trust_grammar, create(ROLE, name="role", assumeRolePolicy="{}"), role()),
    Case(identity.trust_grammar, role(Resource="*"), role()),
    Case(identity.trust_grammar, role(Effect="allow"), role()),
    Case(identity.trust_size, role(Sid="a" * 2_000), role(Sid="a" * 1_900)),
    Case(
        identity.trust_names_nobody,
        role(Principal={"AWS": ROLE_ARN}),
        role(Principal={"AWS": ROLE_ARN}),
        (),
        (there(ROLE, "llmctl-dev-deployer", name="llmctl-dev-deployer", arn=ROLE_ARN),),
    ),
    Case(
        identity.trust_names_nobody,
        role(Principal={"AWS": ROLE_ARN}),
        role(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/somebody-elses"}),
    ),
    Case(identity.policy_grammar, managed(Principal=EC2), managed()),
    Case(identity.policy_grammar, managed(Resource="models"), managed(Resource="*")),
    Case(identity.managed_policy_size, managed(Sid="a" * 6_100), managed(Sid="a" * 6_000)),
    Case(identity.managed_policy_exists, managed("models"), managed("models-2"), (MODELS,)),
    Case(
        identity.inline_policies_size,
        inline(5_141),
        inline(5_140),
        (NODE, there(identity.INLINE_POLICY, "node:other", role="node", policy=inline(5_100).inputs["policy"])),
    ),
    Case(identity.no_such_role, attach("arn:aws:iam::aws:policy/X"), attach("arn:aws:iam::aws:policy/X"), (), (NODE,)),
    Case(identity.no_such_policy, attach(POLICY_ARN), attach(POLICY_ARN), (NODE,), (NODE, MODELS)),
    Case(
        identity.attached_policies,
        attach(POLICY_ARN),
        attach(POLICY_ARN),
        (NODE, MODELS, *attached(10)),
        (NODE, MODELS, *attached(9)),
    ),
    Case(
        identity.oidc_provider_exists,
        create(identity.OIDC_PROVIDER, url="https://gitlab.com"),
        create(identity.OIDC_PROVIDER, url="https://gitlab.example.com"),
        (there(identity.OIDC_PROVIDER, "arn:gitlab", url="gitlab.com"),),
    ),
    Case(
        identity.service_linked_role_exists,
        create(SERVICE_LINKED_ROLE, awsServiceName="autoscaling.amazonaws.com"),
        create(SERVICE_LINKED_ROLE, awsServiceName="autoscaling.amazonaws.com", customSuffix="llmctl"),
        (there(SERVICE_LINKED_ROLE, "arn:slr", awsServiceName="autoscaling.amazonaws.com"),),
    ),
]

TAGGED = {service: f"aws:{service}/thing:Thing" for service in tags.SERVICES}


def tag_cases() -> list[Case]:
    rules = {rule.name: rule for rule in tags.RULES}
    found = []
    for service, type_ in TAGGED.items():
        many = {f"key-{number}": "v" for number in range(51)}
        fewer = dict(list(many.items())[:50])
        found += [
            Case(rules[f"too_many_tags_of_{service}"], create(type_, tags=many), create(type_, tags=fewer)),
            Case(
                rules[f"tag_of_aws_in_{service}"],
                create(type_, tags={"AWS:owner": "us"}),
                create(type_, tags={"owner": "us"}),
            ),
            Case(
                rules[f"malformed_tag_of_{service}"],
                create(type_, tags={"owner": "us & them"}),
                create(type_, tags={"owner": "us + them"}),
            ),
        ]
    return found


@pytest.mark.parametrize("case", [*CASES, *tag_cases()], ids=str)
def test_aws_refuses_this_of_identities_and_tags_and_takes_the_nearest(case: Case) -> None:
    assert_told_apart(case)


def test_every_refusal_of_identities_and_tags_has_a_case() -> None:
    assert_all_have_a_case(identity.RULES, CASES)
    assert_all_have_a_case(tags.RULES, tag_cases())


def test_a_tag_of_the_provider_counts_too() -> None:
    everything = {f"key-{number}": "v" for number in range(51)}
    request = create(TAGGED["ec2"], tags={"owner": "us"}, tagsAll=everything)
    assert [rule.name for rule in tags.RULES if rule.message is tags.too_many and rule(request, FewThings())] == [
        "too_many_tags_of_ec2"
    ]
