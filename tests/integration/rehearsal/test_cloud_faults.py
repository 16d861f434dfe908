"""What goes wrong on demand: where it leaves the state, and that the next run finishes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
from drivers.cloud_project import CloudProject
from pulumi.automation.errors import CommandError
from pulumi_aws import ec2, kms

from llmctl.infra.rehearsal.attach import cloud_double

KEY, VPC = "aws:kms/key:Key", "aws:ec2/vpc:Vpc"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudProject]:
    (tmp_path / "world").mkdir()
    with cloud_double(tmp_path / "world") as variables:
        project = CloudProject(tmp_path, variables)
        project.declares(a_key_and_a_network)
        yield project
    gc.collect()  # as in the conftest: here, and not in somebody else's test


def a_key_and_a_network(opts: pulumi.ResourceOptions) -> None:
    key = kms.Key("key", description="of the volumes", opts=opts)
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[key]))
    ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=after)


def what_was_met(cloud: CloudProject) -> list[tuple[str, ...]]:
    return [moment.faults for moment in cloud.timeline() if moment.faults]


def test_throttling_is_sat_out_as_the_provider_does(cloud: CloudProject) -> None:
    cloud.suffers("throttled=key,3")
    cloud.up()
    assert what_was_met(cloud) == [("throttled", "throttled", "throttled")]


def test_credentials_that_expire_stop_all_that_follows_and_a_new_login_goes_on(cloud: CloudProject) -> None:
    cloud.suffers("credentials-expired=vpc")
    with pytest.raises(CommandError, match="ExpiredToken: The security token included in the request is expired"):
        cloud.up()
    assert cloud.state() == ["key"]
    cloud.up()
    assert cloud.state() == ["key", "vpc"]


def test_what_timed_out_but_is_there_stays_in_the_state_and_is_not_made_twice(cloud: CloudProject) -> None:
    cloud.suffers("times-out=key")
    with pytest.raises(CommandError, match="timeout while waiting for state"):
        cloud.up()
    assert cloud.state() == ["key"]
    made = cloud.the(KEY).id
    cloud.up()
    assert cloud.the(KEY).id == made


def test_a_lost_answer_leaves_something_that_the_state_does_not_know(cloud: CloudProject) -> None:
    cloud.suffers("answer-lost=vpc")
    with pytest.raises(CommandError, match="request send failed: EOF"):
        cloud.up()
    assert cloud.state() == ["key"]
    assert cloud.the(VPC).made_by == "pulumi"


def test_a_delete_that_a_dependant_prevents_succeeds_when_it_is_gone(cloud: CloudProject) -> None:
    cloud.up()
    cloud.suffers("dependant=vpc")
    with pytest.raises(CommandError, match="DependencyViolation"):
        cloud.destroy()
    cloud.destroy()
    assert cloud.there() == []


@pytest.mark.parametrize(
    ("point", "made"), [("killed-before", []), ("killed-made", ["key"]), ("killed-after", ["key"])]
)
def test_a_killed_cli_leaves_what_the_point_says(cloud: CloudProject, point: str, made: list[str]) -> None:
    cloud.suffers(f"{point}=key")
    with pytest.raises(CommandError):
        cloud.up()
    assert [each.inputs["description"] for each in cloud.there() if each.type == KEY] == ["of the volumes"] * len(made)
    cloud.repair()
    assert cloud.state() == (["key"] if point == "killed-after" else [])
