"""Whether a rule tells a refused request from the nearest allowed one, with all other rules beside it."""

from __future__ import annotations

from collections.abc import Iterable

from doubles.cloud_world import Case, FewThings

from llmctl.infra.rehearsal.aws.refusals import RULES
from llmctl.infra.rehearsal.aws.refusals.rule import AwsRule
from llmctl.infra.rehearsal.cloud.request import Request


def assert_told_apart(case: Case) -> None:
    """Exactly this rule refuses the one, and no rule at all the other."""
    assert _refusing(case.refused, case.before) == [case.rule.name]
    assert _refusing(case.allowed, case.nearest) == []
    refusal = case.rule(case.refused, case.before)
    assert refusal is not None
    assert refusal.code == case.rule.code
    assert refusal.documentation.startswith("https://")
    assert refusal.message.endswith((".", ")"))


def assert_all_have_a_case(rules: Iterable[AwsRule], cases: Iterable[Case]) -> None:
    assert {rule.name for rule in rules} == {case.rule.name for case in cases}


def _refusing(request: Request, world: FewThings) -> list[str]:
    return [rule.name for rule in RULES if rule(request, world)]
