"""A stack stays where it was deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from drivers.aws_account import ACCOUNT, REGION, SETTINGS, aws_account

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.gone import ascertain
from llmctl.infra.aws.guard import check
from llmctl.infra.errors import Refused

NOTHING: dict[str, Any] = {}


@pytest.fixture
def account() -> Iterator[Account]:
    with aws_account() as found:
        yield found


def made(account: Account, name: str = "llmctl-dev-cluster") -> str:
    """A cluster in the account; its endpoint."""
    networks = {"subnetIds": ["subnet-1", "subnet-2"]}
    role = f"arn:aws:iam::{ACCOUNT}:role/cluster"
    made = account.ask("eks", "create_cluster", name=name, roleArn=role, resourcesVpcConfig=networks)
    return str(made["cluster"]["endpoint"])


def state(
    *, account: str = ACCOUNT, region: str = REGION, endpoint: str | None = None, name: str = "llmctl-dev-cluster"
) -> dict[str, Any]:
    provider = {
        "type": "pulumi:providers:aws",
        "inputs": {"region": region, "allowedAccountIds": json.dumps([account])},
    }
    cluster = {"type": "aws:eks/cluster:Cluster", "outputs": {"name": name, "endpoint": endpoint}}
    return {"resources": [provider, *([cluster] if endpoint else [])]}


def test_the_first_up_needs_the_account_of_the_stack_file(account: Account) -> None:
    check(SETTINGS, account, "dev", NOTHING)
    other = SETTINGS.model_copy(update={"account": "999999999999"})
    with pytest.raises(Refused, match=f"are of the account {ACCOUNT}, and llmctl:aws.account says 999999999999"):
        check(other, account, "dev", NOTHING)


def test_a_region_of_another_partition_is_refused(account: Account) -> None:
    china = SETTINGS.model_copy(update={"region": "cn-north-1"})
    with pytest.raises(Refused, match="partition aws, and cn-north-1 is in aws-cn"):
        check(china, account, "dev", NOTHING)


@pytest.mark.parametrize(
    ("before", "words"),
    [({"account": "999999999999"}, "deployed to the account 999999999999"), ({"region": "us-east-1"}, "us-east-1")],
)
def test_another_place_than_that_of_the_state_is_refused(account: Account, before: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        check(SETTINGS, account, "dev", state(**before))


def test_the_same_place_and_cluster_pass(account: Account) -> None:
    check(SETTINGS, account, "dev", state(endpoint=made(account)))


def test_a_cluster_that_was_made_anew_is_another_one(account: Account) -> None:
    made(account)
    with pytest.raises(Refused, match="made anew"):
        check(SETTINGS, account, "dev", state(endpoint="https://OLD.gr7.eu-central-1.eks.amazonaws.com"))


def test_a_cluster_that_is_gone_says_the_way_out(account: Account) -> None:
    before = state(endpoint="https://OLD.gr7.eu-central-1.eks.amazonaws.com")
    with pytest.raises(Refused, match="llmctl down dev --cluster-gone"):
        check(SETTINGS, account, "dev", before)
    assert ascertain(SETTINGS, account, "dev", before) == "eu-central-1 has no cluster llmctl-dev-cluster"


def test_a_cluster_made_anew_counts_as_gone(account: Account) -> None:
    made(account)
    assert "made anew" in ascertain(SETTINGS, account, "dev", state(endpoint="https://OLD.example"))


def test_a_cluster_that_is_there_is_not_taken_for_gone(account: Account) -> None:
    with pytest.raises(Refused, match="is there"):
        ascertain(SETTINGS, account, "dev", state(endpoint=made(account)))
    with pytest.raises(Refused, match="knows of no cluster"):
        ascertain(SETTINGS, account, "dev", NOTHING)


def test_credentials_of_another_account_never_find_a_cluster_gone(account: Account) -> None:
    other = SETTINGS.model_copy(update={"account": "999999999999"})
    with pytest.raises(Refused, match="are of the account"):
        ascertain(other, account, "dev", state(account="999999999999", endpoint="https://OLD.example"))
