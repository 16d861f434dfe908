from __future__ import annotations

import json
from typing import Any

import pytest

from llmctl.infra.aws.endpoints import INTERFACES, interfaces, out_of_reach, own_account_only, s3_policy
from llmctl.infra.aws.place import Place
from llmctl.infra.aws_settings import Nat

PLACE = Place(account="111122223333", region="eu-west-1")
OURS = {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}


def _statements(policy: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}


@pytest.mark.parametrize(
    ("endpoints", "nat", "all_of_them"),
    [
        ("s3", Nat.ONE, False),
        ("s3", Nat.PER_ZONE, False),
        ("s3", Nat.NONE, True),
        ("all", Nat.ONE, True),
        ("all", Nat.NONE, True),
    ],
)
def test_without_nat_there_is_an_endpoint_for_everything(endpoints: Any, nat: Nat, all_of_them: bool) -> None:
    assert interfaces(endpoints, nat, PLACE.region) == (INTERFACES if all_of_them else ())


def test_an_endpoint_that_the_region_does_not_have_is_not_asked_for() -> None:
    services = {each.service for each in interfaces("all", Nat.ONE, "mx-central-1")}
    assert services == {each.service for each in INTERFACES} - {"eks", "eks-auth"}


@pytest.mark.parametrize(
    ("nat", "region", "services"),
    [
        (Nat.NONE, "eu-west-1", ()),
        (Nat.NONE, "mx-central-1", ("eks-auth",)),
        (Nat.ONE, "mx-central-1", ()),
        (Nat.NONE, "ap-southeast-5", ()),
    ],
)
def test_pods_get_no_credentials_where_neither_nat_nor_an_endpoint_leads_to_them(
    nat: Nat, region: str, services: tuple[str, ...]
) -> None:
    assert out_of_reach(nat, region) == services


def test_keys_of_another_account_do_not_pass() -> None:
    assert _statements(own_account_only(PLACE))["OwnAccount"]["Condition"] == OURS


def test_s3_leads_to_the_buckets_of_the_stack_and_to_the_layers_of_images_only() -> None:
    statements = _statements(s3_policy(PLACE, ["models"], Nat.NONE))
    assert statements["OwnBuckets"]["Resource"] == ["arn:aws:s3:::models", "arn:aws:s3:::models/*"]
    assert statements["OwnBuckets"]["Condition"] == OURS
    assert statements["ImageLayers"]["Resource"] == ["arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"]
    assert set(statements) == {"OwnBuckets", "ImageLayers"}


@pytest.mark.parametrize("nat", [Nat.ONE, Nat.PER_ZONE])
def test_where_the_internet_is_reached_what_others_publish_in_s3_is_read_and_nothing_written(nat: Nat) -> None:
    public = _statements(s3_policy(PLACE, ["models"], nat))["PublicDownloads"]
    assert public["Action"] == ["s3:GetObject"]


def test_a_statement_without_resources_is_left_out() -> None:
    assert "OwnBuckets" not in _statements(s3_policy(PLACE, [], Nat.NONE)), "AWS calls such a policy malformed"
