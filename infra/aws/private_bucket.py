"""A bucket that nobody outside the account sees: the parts that every bucket of a stack has."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import s3

TYPE = "llmctl:aws:PrivateBucket"
ABANDONED_UPLOAD_DAYS = 7
"""Parts of an upload that was never completed are billed and seen in no listing; the AWS documentation's own example
has seven days (docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html)."""


@dataclass(frozen=True, kw_only=True)
class PrivateBucketArgs:
    bucket: str
    """The name in S3."""

    key_arn: pulumi.Input[str] | None
    """None: encrypted by S3's own key, for what can be written under no other."""

    policy: pulumi.Input[str]
    """JSON."""

    protect: bool
    expiry_days: int | None = None
    """Days that an object is kept. None: for ever."""

    noncurrent_days: int
    """Days that a version is kept after it was overwritten or deleted."""

    log_bucket: pulumi.Input[str] | None = None
    log_prefix: str = ""


class PrivateBucket(pulumi.ComponentResource):
    """Versioned, encrypted, closed to the public. Outputs: `bucket` (name), known when all its parts are there."""

    bucket: pulumi.Output[str]

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._name, self._args = name, args
        bucket = self._bucket()
        encrypted = self._encrypt(bucket)
        closed = self._close(bucket)
        versions = self._keep_versions(bucket)
        self._expire(bucket, versions)
        if args.log_bucket is not None:
            self._log(bucket, args.log_bucket)
        ready = [bucket.bucket, encrypted.id, closed.id]
        self.bucket = pulumi.Output.all(*ready).apply(lambda parts: str(parts[0]))
        self.register_outputs({"bucket": self.bucket})

    def _bucket(self) -> s3.Bucket:
        return s3.Bucket(
            self._name, bucket=self._args.bucket, force_destroy=not self._args.protect, opts=self._part([])
        )

    def _encrypt(self, bucket: s3.Bucket) -> s3.BucketServerSideEncryptionConfiguration:
        """With the bucket key, KMS is asked once in a while and not for every object."""
        key = self._args.key_arn
        by = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256" if key is None else "aws:kms", kms_master_key_id=key
        )
        rule = s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=by, bucket_key_enabled=None if key is None else True
        )
        return s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-encryption", bucket=bucket.bucket, rules=[rule], opts=self._part([])
        )

    def _close(self, bucket: s3.Bucket) -> s3.BucketPolicy:
        """One after the other: S3 answers OperationAborted to a change of a bucket while another is under way."""
        owned = s3.BucketOwnershipControls(
            f"{self._name}-ownership",
            bucket=bucket.bucket,
            rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self._part([]),
        )
        private = s3.BucketPublicAccessBlock(
            f"{self._name}-private",
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._part([owned]),
        )
        policy = self._args.policy
        return s3.BucketPolicy(f"{self._name}-policy", bucket=bucket.bucket, policy=policy, opts=self._part([private]))

    def _keep_versions(self, bucket: s3.Bucket) -> s3.BucketVersioning:
        enabled = s3.BucketVersioningVersioningConfigurationArgs(status="Enabled")
        return s3.BucketVersioning(
            f"{self._name}-versions", bucket=bucket.bucket, versioning_configuration=enabled, opts=self._part([])
        )

    def _expire(self, bucket: s3.Bucket, versions: s3.BucketVersioning) -> None:
        days = self._args.expiry_days
        rule = s3.BucketLifecycleConfigurationRuleArgs(
            id="expiry",
            status="Enabled",
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            expiration=None if days is None else s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
            noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=self._args.noncurrent_days
            ),
            abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=ABANDONED_UPLOAD_DAYS
            ),
        )
        s3.BucketLifecycleConfiguration(
            f"{self._name}-expiry", bucket=bucket.bucket, rules=[rule], opts=self._part([versions])
        )

    def _log(self, bucket: s3.Bucket, log_bucket: pulumi.Input[str]) -> None:
        s3.BucketLogging(
            f"{self._name}-log",
            bucket=bucket.bucket,
            target_bucket=log_bucket,
            target_prefix=self._args.log_prefix,
            opts=self._part([]),
        )

    def _part(self, after: list[pulumi.Resource]) -> pulumi.ResourceOptions:
        """What protects a bucket stays as long as the bucket does."""
        protect = self._args.protect
        return pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect, depends_on=after)
