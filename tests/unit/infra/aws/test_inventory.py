"""What a `down` finds still there in the account, and what it says of each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from drivers.aws_account import ACCOUNT, REGION, SETTINGS, aws_account

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.inventory import KINDS, Stack, Thing, entries, kind_of, resource_id
from llmctl.infra.aws.inventory_reader import AccountInventory
from llmctl.infra.aws.place import Place
from llmctl.infra.aws.sweep import swept
from llmctl.infra.receipt import Entry, Receipt

CLUSTER = "llmctl-dev-cluster"
OURS = [{"Key": "llmctl:stack", "Value": "dev"}]
OTHERS = [{"Key": "llmctl:stack", "Value": "prod"}]
ARN = f"arn:aws:ec2:{REGION}:{ACCOUNT}:"


@pytest.fixture
def account() -> Iterator[Account]:
    with aws_account() as found:
        yield found


def left(account: Account, state: dict[str, object] | None = None) -> dict[str, Entry]:
    """What the receipt names, by the last part of its ARN."""
    source = AccountInventory(account, Place(account=ACCOUNT, region=REGION))
    return {resource_id(entry.name): entry for entry in swept(SETTINGS, source, "dev", state or {})}


def subnet(account: Account) -> str:
    return str(account.ask("ec2", "describe_subnets")["Subnets"][0]["SubnetId"])


def test_an_account_without_anything_of_the_stack_is_clean(account: Account) -> None:
    account.ask("ec2", "create_volume", Size=1, AvailabilityZone=f"{REGION}a", TagSpecifications=[
        {"ResourceType": "volume", "Tags": OTHERS}])  # fmt: skip
    assert left(account) == {}


def test_a_volume_of_a_claim_bills(account: Account) -> None:
    tags = [
        {"Key": f"kubernetes.io/cluster/{CLUSTER}", "Value": "owned"},
        {"Key": "kubernetes.io/created-for/pvc/name", "Value": "cache"},
    ]
    made = account.ask("ec2", "create_volume", Size=1, AvailabilityZone=f"{REGION}a",
        TagSpecifications=[{"ResourceType": "volume", "Tags": tags}])["VolumeId"]  # fmt: skip
    entry = left(account)[made]
    assert (entry.what, entry.bills, entry.kept) == ("volume of a claim", True, False)
    assert entry.note == f"aws ec2 delete-volume --volume-id {made}"


def test_a_snapshot_bills(account: Account) -> None:
    volume = account.ask("ec2", "create_volume", Size=1, AvailabilityZone=f"{REGION}a")["VolumeId"]
    made = account.ask("ec2", "create_snapshot", VolumeId=volume,
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": OURS}])["SnapshotId"]  # fmt: skip
    assert left(account)[made].bills


def test_an_interface_of_the_cni_is_named_and_bills_nothing(account: Account) -> None:
    tags = [{"Key": "cluster.k8s.amazonaws.com/name", "Value": CLUSTER}]
    made = account.ask("ec2", "create_network_interface", SubnetId=subnet(account),
        TagSpecifications=[{"ResourceType": "network-interface", "Tags": tags}])["NetworkInterface"]  # fmt: skip
    entry = left(account)[made["NetworkInterfaceId"]]
    assert (entry.what, entry.bills) == ("network interface left by the VPC CNI", False)


def test_a_log_group_that_eks_made_anew_is_found_by_its_name(account: Account) -> None:
    account.ask("logs", "create_log_group", logGroupName=f"/aws/eks/{CLUSTER}/cluster")
    account.ask("logs", "create_log_group", logGroupName="/aws/eks/another/cluster")
    found = left(account)
    assert list(found) == [f"/aws/eks/{CLUSTER}/cluster"]
    assert found[f"/aws/eks/{CLUSTER}/cluster"].what == "log group made by EKS"


def test_a_key_that_waits_for_its_deletion_is_kept_and_bills_nothing(account: Account) -> None:
    made = account.ask("kms", "create_key", Tags=[{"TagKey": "llmctl:stack", "TagValue": "dev"}])["KeyMetadata"]
    account.ask("kms", "schedule_key_deletion", KeyId=made["KeyId"], PendingWindowInDays=7)
    entry = left(account)[made["KeyId"]]
    assert (entry.bills, entry.kept) == (False, True)
    assert entry.note.startswith("goes by itself on 20")


def test_a_key_that_nobody_deletes_bills_unless_it_is_protected(account: Account) -> None:
    made = account.ask("kms", "create_key", Tags=[{"TagKey": "llmctl:stack", "TagValue": "dev"}])["KeyMetadata"]
    assert left(account)[made["KeyId"]].kept is False
    state = {
        "resources": [
            {
                "type": "aws:kms/key:Key",
                "urn": "::key",
                "custom": True,
                "protect": True,
                "outputs": {"arn": made["Arn"]},
            }
        ]
    }
    entry = left(account, state)[made["KeyId"]]
    assert (entry.bills, entry.kept, entry.note) == (True, True, "protected: llmctl:aws.protect")


def test_a_balancer_of_a_controller_bills(account: Account) -> None:
    subnets = [each["SubnetId"] for each in account.ask("ec2", "describe_subnets")["Subnets"][:2]]
    account.ask("elbv2", "create_load_balancer", Name="k8s-some", Subnets=subnets,
        Tags=[{"Key": "elbv2.k8s.aws/cluster", "Value": CLUSTER}])  # fmt: skip
    (entry,) = left(account).values()
    assert (entry.what, entry.bills) == ("load balancer made by a controller of the cluster", True)


def test_what_a_shared_cluster_makes_is_not_of_a_stack_that_is_attached_to_it(account: Account) -> None:
    account.ask("logs", "create_log_group", logGroupName=f"/aws/eks/{CLUSTER}/cluster")
    source = AccountInventory(account, Place(account=ACCOUNT, region=REGION))
    assert list(source.things(Stack(name="dev", cluster=CLUSTER, own_cluster=False))) == []


def test_an_instance_that_was_terminated_is_gone(account: Account) -> None:
    image = account.ask("ec2", "describe_images")["Images"][0]["ImageId"]
    made = account.ask("ec2", "run_instances", ImageId=image, MinCount=1, MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": OURS}])["Instances"][0]["InstanceId"]  # fmt: skip
    assert left(account)[made].bills
    account.ask("ec2", "terminate_instances", InstanceIds=[made])
    assert made not in left(account)


def test_a_kind_that_nobody_knows_is_taken_to_bill() -> None:
    (entry,) = entries([Thing(arn="arn:aws:fsx:r:1:file-system/fs-1", kind="fsx:file-system")])
    assert (entry.what, entry.bills, entry.kept) == ("fsx:file-system", True, False)


def test_a_receipt_is_clean_when_nothing_left_bills() -> None:
    free, kept = Entry(name="eni", what="", bills=False), Entry(name="key", what="", bills=True, kept=True)
    assert Receipt(destroyed=(), entries=(free, kept), seconds=0).clean
    assert not Receipt(destroyed=(), entries=(Entry(name="vol", what="", bills=True),), seconds=0).clean


@pytest.mark.parametrize(
    ("arn", "kind", "id_"),
    [
        (f"{ARN}volume/vol-1", "ec2:volume", "vol-1"),
        ("arn:aws:s3:::a-bucket", "s3:bucket", "a-bucket"),
        ("arn:aws:logs:r:1:log-group:/aws/eks/c/cluster:*", "logs:log-group", "/aws/eks/c/cluster"),
        (
            "arn:aws:elasticloadbalancing:r:1:loadbalancer/net/a/1",
            "elasticloadbalancing:loadbalancer",
            "net/a/1",
        ),
        ("arn:aws:ecr:r:1:repository/llmctl/tgi", "ecr:repository", "llmctl/tgi"),
    ],
)
def test_an_arn_tells_kind_and_id(arn: str, kind: str, id_: str) -> None:
    assert (kind_of(arn), resource_id(arn)) == (kind, id_)
    assert kind in KINDS
