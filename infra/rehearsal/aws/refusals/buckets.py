"""What S3 refuses of a bucket and what is set on it."""

from __future__ import annotations

import re

from llmctl.infra.rehearsal.aws.refusals.neighbours import in_account, in_region, listed, mapped, referred
from llmctl.infra.rehearsal.aws.refusals.policy import Kind, principals, problem, read, statements, written
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.cloud.request import Existing, Request, World

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
PUBLIC_ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"
ERRORS = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
NAMING = f"{GUIDE}/bucketnamingrules.html"
LOGS = f"{GUIDE}/enable-server-access-logging.html"

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ADDRESS = re.compile(r"([0-9]+\.){3}[0-9]+")
RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
MOST_POLICY_BYTES = 20 * 1024
KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")


@refuses(BUCKET, code="InvalidBucketName", documentation=NAMING)
def bucket_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("bucket", "unnamed"))
    right = NAME.fullmatch(name) and ".." not in name and not ADDRESS.fullmatch(name)
    if right and not name.startswith(RESERVED_STARTS) and not name.endswith(RESERVED_ENDS):
        return None
    return f"The specified bucket is not valid: {name} (3 to 63 of a-z, 0-9, '-' and '.', none of S3's own forms)."


@refuses(BUCKET, code="BucketAlreadyOwnedByYou", documentation=ERRORS)
def bucket_is_ours(request: Request, world: World) -> str | None:
    bucket = _of_name(world, request.inputs.get("bucket"))
    if bucket is None or bucket.account != request.account:
        return None
    return "Your previous request to create the named bucket succeeded and you already own it."


@refuses(BUCKET, code="BucketAlreadyExists", documentation=NAMING)
def bucket_is_others(request: Request, world: World) -> str | None:
    bucket = _of_name(world, request.inputs.get("bucket"))
    if bucket is None or bucket.account == request.account:
        return None
    return "The requested bucket name is not available: all accounts share the names. Select a different one."


@refuses(POLICY, code="MalformedPolicy", documentation=ERRORS, on=WRITE)
def bucket_policy_grammar(request: Request, _: World) -> str | None:
    policy = request.inputs.get("policy")
    return problem(policy, Kind.RESOURCE) if policy else None


@refuses(POLICY, code="MalformedPolicy", documentation=f"{GUIDE}/bucket-policies.html", on=WRITE)
def bucket_policy_size(request: Request, _: World) -> str | None:
    bytes_ = len(written(request.inputs.get("policy", "")).encode())
    return None if bytes_ <= MOST_POLICY_BYTES else f"The policy has {bytes_} bytes; 20 KB are allowed."


@refuses(POLICY, code="MalformedPolicy", documentation=ERRORS, on=WRITE)
def bucket_policy_of_another(request: Request, _: World) -> str | None:
    """Every resource of a bucket's policy is the bucket or in it."""
    bucket, document = request.inputs.get("bucket"), read(request.inputs.get("policy")) or {}
    for statement in statements(document):
        for resource in listed(statement, "Resource") or [statement.get("Resource")]:
            place = str(resource).rpartition(":::")[2].partition("/")[0]
            if resource not in (None, "*") and place not in (bucket, "*"):
                return f"Policy has invalid resource: {resource} is not in the bucket {bucket}."
    return None


@refuses(POLICY, code="AccessDenied", documentation=f"{GUIDE}/access-control-block-public-access.html", on=WRITE)
def public_policy_is_blocked(request: Request, world: World) -> str | None:
    bucket, document = request.inputs.get("bucket"), read(request.inputs.get("policy")) or {}
    blocks = (one for one in in_account(request, world, PUBLIC_ACCESS_BLOCK) if one.outputs.get("bucket") == bucket)
    blocked = any(block.outputs.get("blockPublicPolicy") for block in blocks)
    public = any(
        one.get("Effect") == "Allow" and "*" in principals(one, "AWS") and not one.get("Condition")
        for one in statements(document)
    )
    if not (blocked and public):
        return None
    return "Public policies are blocked by the BlockPublicPolicy block public access setting."


@refuses(LOGGING, code="InvalidTargetBucketForLogging", documentation=LOGS, on=WRITE, later=True)
def log_bucket_with_kms_key(request: Request, world: World) -> str | None:
    """S3 takes this and delivers no log: server access logs go to buckets with SSE-S3 only."""
    target = request.inputs.get("targetBucket")
    if not encrypted_by_kms(request, world, target):
        return None
    return f"The log bucket {target} has a KMS key as its default encryption; S3 delivers access logs to SSE-S3 only."


@refuses(ENCRYPTION, code="InvalidTargetBucketForLogging", documentation=LOGS, on=WRITE, later=True)
def kms_key_on_log_bucket(request: Request, world: World) -> str | None:
    """The same from the other side: the bucket is a target of logs before it gets the key."""
    bucket = request.inputs.get("bucket")
    logged = any(one.outputs.get("targetBucket") == bucket for one in in_account(request, world, LOGGING))
    if not (logged and _algorithms(request.inputs.get("rules"))):
        return None
    return f"The bucket {bucket} receives access logs, which S3 delivers to SSE-S3 only."


@refuses(LOGGING, code="CrossLocationLoggingProhibitted", documentation=ERRORS, on=WRITE)
def log_bucket_elsewhere(request: Request, world: World) -> str | None:
    target = referred(request, world, BUCKET, request.inputs.get("targetBucket"))
    if target is None or target.region == request.region:
        return None
    return f"The log bucket is in {target.region}, the bucket in {request.region}; logs stay in a region."


@refuses(LOGGING, POLICY, ENCRYPTION, PUBLIC_ACCESS_BLOCK, code="NoSuchBucket", documentation=ERRORS)
def no_such_bucket(request: Request, world: World) -> str | None:
    bucket = request.inputs.get("bucket")
    if bucket is None or _of_name(world, bucket):
        return None
    return f"The specified bucket does not exist: {bucket}."


def encrypted_by_kms(request: Request, world: World, bucket: object) -> bool:
    found = referred(request, world, BUCKET, bucket)
    inline = mapped(found.outputs, "serverSideEncryptionConfiguration") if found else {}
    beside = (one for one in in_region(request, world, ENCRYPTION) if one.outputs.get("bucket") == bucket)
    return _algorithms([inline.get("rule")]) or any(_algorithms(one.outputs.get("rules")) for one in beside)


def _algorithms(rules: object) -> bool:
    rules = rules if isinstance(rules, list) else []
    defaults = [mapped(rule, "applyServerSideEncryptionByDefault") for rule in rules if isinstance(rule, dict)]
    return any(default.get("sseAlgorithm") in KMS_ALGORITHMS for default in defaults)


def _of_name(world: World, name: object) -> Existing | None:
    return next((one for one in world.of_type(BUCKET) if name and one.outputs.get("bucket") == name), None)


RULES = (
    bucket_name,
    bucket_is_ours,
    bucket_is_others,
    bucket_policy_grammar,
    bucket_policy_size,
    bucket_policy_of_another,
    public_policy_is_blocked,
    log_bucket_with_kms_key,
    kms_key_on_log_bucket,
    log_bucket_elsewhere,
    no_such_bucket,
)
