"""What the pods may do that bring weights into the bucket and out of it."""

from __future__ import annotations

from llmctl.infra.aws.policies.document import Document, Statement, allow, document
from llmctl.infra.aws.policies.keys import Purpose
from llmctl.infra.aws.policies.scope import Scope


def relay(scope: Scope) -> Document:
    """Reads, and writes nothing."""
    return document(
        _list(scope, ["s3:ListBucket"]),
        allow("Read", ["s3:GetObject"], f"{scope.model_bucket}/*"),
        _key(scope, ["kms:Decrypt"]),
    )


def push(scope: Scope) -> Document:
    """Writes, and reads back what it wrote; an upload in parts needs Decrypt too, to go on with the same key
    (docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html, "Multipart upload API and permissions").
    It deletes nothing: who takes a model away is a person."""
    files = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    return document(
        _list(scope, ["s3:ListBucket", "s3:ListBucketMultipartUploads"]),
        allow("Write", files, f"{scope.model_bucket}/*"),
        _key(scope, ["kms:Decrypt", "kms:GenerateDataKey"]),
    )


def _list(scope: Scope, actions: list[str]) -> Statement:
    return allow("List", actions, scope.model_bucket)


def _key(scope: Scope, actions: list[str]) -> Statement:
    return allow("Key", actions, scope.keys[Purpose.MODELS], when=scope.through_s3)
