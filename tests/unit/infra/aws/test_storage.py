from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from drivers.declared import ACCOUNT, REGION, Declaration, Declared, declare

from llmctl.infra.aws.names import Names
from llmctl.infra.aws.place import Place
from llmctl.infra.aws.policies.keys import Purpose
from llmctl.infra.aws.storage import Storage, StorageArgs

NAMES = Names("aws-dev", Place(account=ACCOUNT, region=REGION))
MODELS, LOGS = NAMES.bucket("models"), NAMES.bucket("access-logs")
FLOWS = "/llmctl/aws-dev/flows"


def declared(*, protect: bool = False, make_autoscaling_role: bool = True, public: bool = True) -> Declaration:
    def program() -> dict[str, Any]:
        storage = Storage(
            "storage",
            StorageArgs(
                names=NAMES,
                repositories=("huggingface/text-generation-inference", "haproxy"),
                log_groups=(FLOWS,),
                log_days=90,
                public_load_balancer=public,
                protect=protect,
                make_autoscaling_role=make_autoscaling_role,
            ),
            pulumi.ResourceOptions(),
        )
        return {
            "keys": dict(storage.keys),
            "models": storage.model_bucket,
            "logs": storage.log_bucket,
            "repositories": dict(storage.repositories),
        }

    return declare(program)


@pytest.fixture(scope="module", params=[True, False], ids=["protected", "disposable"])
def storage(request: pytest.FixtureRequest) -> Declaration:
    return declared(protect=request.param)


def s3(kind: str) -> str:
    return f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}"


def of_bucket(storage: Declaration, kind: str, bucket: str) -> Declared:
    found = [resource for resource in storage.of(s3(kind)) if resource.inputs["bucket"] == bucket]
    assert len(found) == 1, f"{bucket} has {len(found)} of {kind}"
    return found[0]


def key_arn(storage: Declaration, purpose: Purpose) -> str:
    return str(storage.result["keys"][purpose])


@pytest.mark.parametrize("bucket", [MODELS, LOGS])
def test_every_bucket_is_closed_owned_versioned_and_takes_tls_only(storage: Declaration, bucket: str) -> None:
    closed = of_bucket(storage, "BucketPublicAccessBlock", bucket).inputs
    assert {value for key, value in closed.items() if key != "bucket"} == {True}
    assert len(closed) == 5
    owned = of_bucket(storage, "BucketOwnershipControls", bucket).inputs
    assert owned["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    versions = of_bucket(storage, "BucketVersioning", bucket).inputs
    assert versions["versioningConfiguration"] == {"status": "Enabled"}
    policy = json.loads(of_bucket(storage, "BucketPolicy", bucket).inputs["policy"])
    plain = next(s for s in policy["Statement"] if s["Sid"] == "DenyPlainHttp")
    assert plain["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


def test_weights_are_encrypted_by_the_key_for_models(storage: Declaration) -> None:
    (rule,) = of_bucket(storage, "BucketServerSideEncryptionConfiguration", MODELS).inputs["rules"]
    key = key_arn(storage, Purpose.MODELS)
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}
    assert rule["bucketKeyEnabled"] is True


def test_access_logs_are_encrypted_by_the_only_key_that_aws_writes_them_with(storage: Declaration) -> None:
    (rule,) = of_bucket(storage, "BucketServerSideEncryptionConfiguration", LOGS).inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


def test_reads_of_weights_are_logged_where_the_policy_lets_s3_write(storage: Declaration) -> None:
    log = of_bucket(storage, "BucketLogging", MODELS)
    assert log.inputs["targetBucket"] == LOGS
    policy = json.loads(of_bucket(storage, "BucketPolicy", LOGS).inputs["policy"])
    written = next(s for s in policy["Statement"] if s["Sid"] == "WhoReadWeights")
    assert written["Resource"] == [f"arn:aws:s3:::{LOGS}/{log.inputs['targetPrefix']}*"]
    assert "storage-access-logs-policy" in storage.before(log.name), "S3 asks for leave to write when logging is set"


def test_weights_never_expire_but_their_old_versions_do(storage: Declaration) -> None:
    (weights,) = of_bucket(storage, "BucketLifecycleConfiguration", MODELS).inputs["rules"]
    (logs,) = of_bucket(storage, "BucketLifecycleConfiguration", LOGS).inputs["rules"]
    assert "expiration" not in weights
    assert weights["noncurrentVersionExpiration"]["noncurrentDays"] == 30
    assert logs["expiration"] == {"days": 90}


def test_every_purpose_has_a_key_of_its_own_that_rotates(storage: Declaration) -> None:
    keys = storage.of("aws:kms/key:Key")
    assert len(keys) == len(Purpose)
    assert all(key.inputs["enableKeyRotation"] for key in keys)
    aliases = {alias.inputs["name"] for alias in storage.of("aws:kms/alias:Alias")}
    assert aliases == {f"alias/llmctl-aws-dev-{purpose}" for purpose in Purpose}


def test_images_are_scanned_and_a_tag_never_means_another(storage: Declaration) -> None:
    repositories = storage.of("aws:ecr/repository:Repository")
    assert {repository.inputs["name"] for repository in repositories} == {
        "llmctl-aws-dev-images/haproxy",
        "llmctl-aws-dev-images/huggingface/text-generation-inference",
    }
    for repository in repositories:
        assert repository.inputs["imageTagMutability"] == "IMMUTABLE"
        assert repository.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        (encrypted,) = repository.inputs["encryptionConfigurations"]
        assert encrypted == {"encryptionType": "KMS", "kmsKey": key_arn(storage, Purpose.IMAGES)}
        assert len(storage.of("aws:ecr/lifecyclePolicy:LifecyclePolicy")) == len(repositories)


@pytest.mark.parametrize("protect", [True, False])
def test_protection_holds_for_all_that_makes_up_buckets_and_keys(protect: bool) -> None:
    storage = declared(protect=protect)
    kept = [r for r in storage.resources if r.custom and r.type.startswith(("aws:s3/", "aws:kms/"))]
    assert {(r.protect, r.retain_on_delete) for r in kept} == {(protect, protect)}
    assert {r.inputs["forceDestroy"] for r in storage.of(s3("Bucket"))} == {not protect}
    waits = {r.inputs["deletionWindowInDays"] for r in storage.of("aws:kms/key:Key")}
    assert waits == {30 if protect else 7}


def test_the_role_that_starts_nodes_is_there_before_the_key_that_names_it_and_stays_in_the_account() -> None:
    storage = declared(make_autoscaling_role=True)
    role = storage.one("aws:iam/serviceLinkedRole:ServiceLinkedRole")
    assert role.name in storage.before("storage-keys-volumes")
    assert role.retain_on_delete


def test_an_account_that_has_the_role_gets_no_second_one() -> None:
    assert not declared(make_autoscaling_role=False).of("aws:iam/serviceLinkedRole:ServiceLinkedRole")


@pytest.mark.parametrize("public", [True, False])
def test_a_load_balancer_may_write_access_logs_only_where_one_does(public: bool) -> None:
    policy = json.loads(of_bucket(declared(public=public), "BucketPolicy", LOGS).inputs["policy"])
    assert ("WhoAskedTheEndpoint" in [s["Sid"] for s in policy["Statement"]]) is public


def test_nothing_is_declared_outside_the_component(storage: Declaration) -> None:
    assert [r.name for r in storage.resources if r.parent is None] == ["storage"]
    assert all(r.name.startswith("storage") for r in storage.resources)
