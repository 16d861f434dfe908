"""The double of AWS under the real Pulumi engine."""

from __future__ import annotations

import dataclasses
import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest
from drivers.cloud_project import ACCOUNT, REGION, CloudProject
from pulumi import automation as auto
from pulumi.automation.errors import CommandError
from pulumi_aws import ec2, iam, kms, s3

from llmctl.infra.rehearsal.attach import cloud_double

VPC, KEY, BUCKET = "aws:ec2/vpc:Vpc", "aws:kms/key:Key", "aws:s3/bucket:Bucket"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
    }
)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudProject]:
    (tmp_path / "world").mkdir()
    with cloud_double(tmp_path / "world") as variables:
        yield CloudProject(tmp_path, variables)
    gc.collect()  # as in the conftest: here, and not in somebody else's test


def network(cidr: str = "10.0.0.0/16", name: str = "one", machines: str = "a model server") -> object:
    def declare(opts: pulumi.ResourceOptions) -> None:
        vpc = ec2.Vpc("vpc", cidr_block=cidr, enable_dns_hostnames=True, tags={"Name": name}, opts=opts)
        ec2.Subnet("a", vpc_id=vpc.id, cidr_block="10.0.0.0/24", availability_zone=f"{REGION}a", opts=opts)
        ec2.Subnet("b", vpc_id=vpc.id, cidr_block="10.0.1.0/24", availability_zone=f"{REGION}b", opts=opts)
        kms.Key("key", description=machines, enable_key_rotation=True, opts=opts)
        bucket = s3.Bucket("weights", force_destroy=True, opts=opts)
        pulumi.export("vpc", vpc.arn)
        pulumi.export("bucket", bucket.bucket)

    return declare


def test_a_stack_goes_from_nothing_to_nothing(cloud: CloudProject) -> None:
    cloud.declares(network())
    assert cloud.planned() == dict.fromkeys(("demo-test", "account", "vpc", "a", "b", "key", "weights"), "create")
    assert cloud.there() == [], "a preview makes nothing"
    outputs = cloud.up()
    vpc = cloud.the(VPC)
    assert outputs["vpc"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{vpc.id}"
    assert outputs["bucket"].startswith("weights-")
    assert vpc.outputs["tagsAll"] == {"stack": "test", "Name": "one"}
    assert cloud.planned() == {}
    assert cloud.refresh() == {}
    cloud.destroy()
    assert cloud.there() == []


def test_a_change_touches_what_it_is_about_and_a_replacement_what_stands_on_it(cloud: CloudProject) -> None:
    cloud.declares(network())
    cloud.up()
    before = cloud.the(VPC)
    cloud.declares(network(name="two", machines="two model servers"))
    assert cloud.planned() == {"vpc": "update", "key": "update"}
    cloud.up()
    assert cloud.the(VPC).id == before.id
    assert cloud.the(VPC).outputs["tagsAll"]["Name"] == "two"
    cloud.declares(network(cidr="10.0.0.0/20"))
    assert cloud.planned()["vpc"] == "replace"
    assert cloud.planned()["a"] == "replace"
    cloud.up()
    assert cloud.the(VPC).id != before.id


def test_what_others_have_changed_or_taken_away_is_seen_by_a_refresh(cloud: CloudProject) -> None:
    cloud.declares(network())
    cloud.up()
    key, store = cloud.the(KEY), cloud.store()
    store.put(dataclasses.replace(key, inputs={**key.inputs, "enableKeyRotation": False}))
    store.remove(BUCKET, cloud.the(BUCKET).id)
    assert cloud.refresh() == {"update": 1, "delete": 1}
    assert cloud.planned() == {"key": "update", "weights": "create"}


def test_inputs_that_the_sdk_does_not_know_stop_before_anything_is_made(cloud: CloudProject) -> None:
    class Loose(pulumi.CustomResource):
        pass

    def declare(opts: pulumi.ResourceOptions) -> None:
        Loose(VPC, "vpc", {"cidrBlok": "10.0.0.0/16", "enableDnsSupport": "yes"}, opts)
        Loose("aws:ec2/subnet:Subnet", "subnet", {"cidrBlock": "10.0.0.0/24"}, opts)

    cloud.declares(declare)
    with pytest.raises(CommandError, match="unknown key cidrBlok") as error:
        cloud.stack.preview()
    assert "expected a boolean" in str(error.value)


def test_credentials_of_another_account_are_refused(cloud: CloudProject) -> None:
    with cloud_double(cloud.world, account="999999999999") as variables:
        cloud.stack.workspace.env_vars.update(variables)
        cloud.declares(network())
        with pytest.raises(CommandError, match="AWS account ID not allowed: 999999999999"):
            cloud.up()


def test_what_botocore_refuses_never_reaches_the_cloud(cloud: CloudProject) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        kms.Key("key", customer_master_key_spec="SYMMETRIC", key_usage="ENCRYPT", opts=opts)
        iam.Role("role", name="", assume_role_policy=TRUST, opts=opts)

    cloud.declares(declare)
    with pytest.raises(auto.errors.CommandError, match=r"Value at KeyUsage failed to satisfy enum value set") as error:
        cloud.up()
    assert "Invalid length for parameter RoleName" in str(error.value)
    assert cloud.there() == []
