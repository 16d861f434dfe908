"""What a stack keeps: keys, the bucket of weights, the bucket of access logs, and the repositories of images.

The names of buckets, and with them the ARNs in policies, are known before anything is made. Only the keys' ARNs come
from AWS.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import ecr

from llmctl.infra.aws.keys import Keys, KeysArgs
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.policies.buckets import MODELS_PREFIX, logs_policy, models_policy
from llmctl.infra.aws.policies.document import text
from llmctl.infra.aws.policies.keys import Purpose
from llmctl.infra.aws.private_bucket import PrivateBucket, PrivateBucketArgs

TYPE = "llmctl:aws:Storage"
MODELS, ACCESS_LOGS = "models", "access-logs"
"""Purposes in the names of buckets."""

OLD_WEIGHTS_DAYS = 30
"""A bad push can be taken back for a month. Chosen."""

OLD_LOGS_DAYS = 1
"""Nobody overwrites a log; a version that has expired goes with the next day's clean-up."""

UNTAGGED_IMAGE_DAYS = 14
"""Time in which a node may still be told to pull an image by its digest after the tag has gone. Chosen."""


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    names: Names
    repositories: tuple[str, ...]
    """Paths of images below the stack's own prefix, as they are mirrored: huggingface/text-generation-inference."""

    log_groups: tuple[str, ...]
    """Names of all log groups of the stack; only for them the key for logs works."""

    log_days: int
    """Days that access logs are kept."""

    public_load_balancer: bool
    """One that writes access logs of its own."""

    protect: bool
    make_autoscaling_role: bool


class Storage(pulumi.ComponentResource):
    """Keys by purpose, names of the buckets, and URLs of the repositories by their path."""

    keys: Mapping[Purpose, pulumi.Output[str]]
    """ARNs."""

    model_bucket: pulumi.Output[str]
    log_bucket: pulumi.Output[str]
    repositories: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._name, self._args = name, args
        self.keys = self._keys()
        self.log_bucket = self._log_bucket()
        self.model_bucket = self._model_bucket()
        self.repositories = {path: self._repository(path) for path in args.repositories}
        self.register_outputs({"modelBucket": self.model_bucket, "logBucket": self.log_bucket})

    def _keys(self) -> Mapping[Purpose, pulumi.Output[str]]:
        args = self._args
        wanted = KeysArgs(
            names=args.names,
            log_groups=args.log_groups,
            protect=args.protect,
            make_autoscaling_role=args.make_autoscaling_role,
        )
        return Keys(f"{self._name}-keys", wanted, self._child()).arns

    def _log_bucket(self) -> pulumi.Output[str]:
        """Encrypted by S3's own key: neither S3 nor a load balancer writes its access logs under another.

        docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html,
        docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
        """
        args = self._args
        name, models, place = args.names.bucket(ACCESS_LOGS), args.names.bucket(MODELS), args.names.place
        policy = logs_policy(place.bucket(name), place.bucket(models), place, load_balancer=args.public_load_balancer)
        wanted = PrivateBucketArgs(
            bucket=name,
            key_arn=None,
            policy=text(policy),
            protect=args.protect,
            expiry_days=args.log_days,
            noncurrent_days=OLD_LOGS_DAYS,
        )
        return PrivateBucket(f"{self._name}-{ACCESS_LOGS}", wanted, self._child()).bucket

    def _model_bucket(self) -> pulumi.Output[str]:
        args, key = self._args, self.keys[Purpose.MODELS]
        name = args.names.bucket(MODELS)
        arn = args.names.place.bucket(name)
        wanted = PrivateBucketArgs(
            bucket=name,
            key_arn=key,
            policy=key.apply(lambda key_arn: text(models_policy(arn, key_arn))),
            protect=args.protect,
            noncurrent_days=OLD_WEIGHTS_DAYS,
            log_bucket=self.log_bucket,
            log_prefix=MODELS_PREFIX,
        )
        return PrivateBucket(f"{self._name}-{MODELS}", wanted, self._child()).bucket

    def _repository(self, path: str) -> pulumi.Output[str]:
        """An image can be mirrored again, so `protect` is not for it; a tag never means another image."""
        name, args = f"{self._name}-image-{path.replace('/', '-')}", self._args
        repository = ecr.Repository(
            name,
            name=repository_name(args.names, path),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration=ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=self.keys[Purpose.IMAGES])
            ],
            force_delete=True,
            opts=self._child(),
        )
        ecr.LifecyclePolicy(f"{name}-expiry", repository=repository.name, policy=UNTAGGED, opts=self._child())
        return repository.repository_url

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)


UNTAGGED = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "description": "Images that no tag names any more",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": UNTAGGED_IMAGE_DAYS,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)
"""docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html"""


def repository_name(names: Names, path: str) -> str:
    """At most 256 characters (docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html)."""
    return f"{names.of('images')}/{path}"
