from __future__ import annotations

from typing import Any

import pytest
from drivers.policy_check import Kind, findings
from hypothesis import given
from hypothesis import strategies as st

from llmctl.infra.aws.place import Place
from llmctl.infra.aws.policies.keys import Purpose, key_policy

IRELAND = Place(account="111122223333", region="eu-west-1")
BEIJING = Place(account="111122223333", region="cn-north-1")
GROUPS = ("/aws/eks/llmctl-aws-dev-cluster/cluster",)
AUTOSCALING = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


def services(purpose: Purpose, place: Place = IRELAND) -> list[Any]:
    return [each for each in key_policy(purpose, place, GROUPS)["Statement"] if each["Sid"] != "LeftToIamInTheAccount"]


@given(
    purpose=st.sampled_from(Purpose),
    place=st.builds(
        Place, account=st.from_regex(r"[0-9]{12}", fullmatch=True), region=st.sampled_from(["eu-west-1", "cn-north-1"])
    ),
    groups=st.lists(st.from_regex(r"[A-Za-z0-9/_-]{1,60}", fullmatch=True), max_size=4),
)
def test_no_key_is_for_everybody_or_for_every_action(purpose: Purpose, place: Place, groups: list[str]) -> None:
    assert findings(key_policy(purpose, place, groups), Kind.KEY) == []


@pytest.mark.parametrize("purpose", Purpose)
def test_iam_of_the_account_can_always_change_a_key(purpose: Purpose) -> None:
    """KMS refuses a policy after which nobody could."""
    first = key_policy(purpose, IRELAND, GROUPS)["Statement"][0]
    assert first["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:Decrypt"} <= set(first["Action"])


@pytest.mark.parametrize("purpose", [Purpose.CLUSTER, Purpose.MODELS, Purpose.IMAGES])
def test_a_key_that_callers_use_in_their_own_name_admits_no_service(purpose: Purpose) -> None:
    assert services(purpose) == []


@pytest.mark.parametrize(("place", "partition"), [(IRELAND, "aws"), (BEIJING, "aws-cn")])
def test_the_role_that_starts_nodes_uses_the_key_of_disks_and_passes_it_on_to_ec2_only(
    place: Place, partition: str
) -> None:
    use, grant = services(Purpose.VOLUMES, place)
    role = {"AWS": f"arn:{partition}:iam::111122223333:{AUTOSCALING}"}
    assert [use["Principal"], grant["Principal"]] == [role, role]
    assert "kms:CreateGrant" not in use["Action"]
    assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_the_key_of_logs_works_for_log_groups_of_the_stack_in_its_region_only() -> None:
    (logs,) = services(Purpose.LOGS)
    assert logs["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
    group = f"arn:aws:logs:eu-west-1:111122223333:log-group:{GROUPS[0]}"
    assert logs["Condition"] == {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": [group]}}
