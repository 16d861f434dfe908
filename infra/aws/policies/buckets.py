"""Who may do what with the stack's buckets, besides what IAM allows in the account."""

from __future__ import annotations

from llmctl.infra.aws.place import Place
from llmctl.infra.aws.policies.document import Document, Statement, allow, deny, document

OLDEST_TLS = 1.2
BALANCER_PREFIX = "load-balancer"
"""Of the log bucket: below it the load balancer writes AWSLogs/ACCOUNT/."""

MODELS_PREFIX = "models/"
"""Of the log bucket: below it S3 writes who read which file of weights."""


def models_policy(bucket: str, key_arn: str) -> Document:
    """Only over TLS, and only under the key of the stack.

    bucket: ARN. A request that says nothing of encryption gets the bucket's own, which is that key.
    """
    return document(*_encrypted_transport(bucket), *_encrypted_by(bucket, key_arn))


def logs_policy(bucket: str, models: str, place: Place, *, load_balancer: bool) -> Document:
    """What S3 and, with `load_balancer`, an Application Load Balancer may write.

    bucket, models: ARNs. A balancer that passes TCP through logs nothing: it writes of its TLS listeners only
    (docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html).
    """
    written = [_server_access(bucket, models, place)]
    if load_balancer:
        written.append(_balancer_access(bucket, place))
    return document(*_encrypted_transport(bucket), *written)


def _encrypted_transport(bucket: str) -> list[Statement]:
    """AWS Config's rule s3-bucket-ssl-requests-only; and s3:TlsVersion of
    docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html."""
    everything = [bucket, f"{bucket}/*"]
    return [
        deny("DenyPlainHttp", EVERY_ACTION, everything, to="*", when={"Bool": {"aws:SecureTransport": "false"}}),
        deny("DenyOldTls", EVERY_ACTION, everything, to="*", when={"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}}),
    ]


EVERY_ACTION = ["s3:*"]
"""To be denied, where a list would leave out what S3 learns next."""

ALGORITHM = "s3:x-amz-server-side-encryption"
KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"


def _encrypted_by(bucket: str, key_arn: str) -> list[Statement]:
    """Other ways to encrypt, other keys, and KMS without a key, which means AWS's own and not the bucket's.

    docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
    """
    put, objects = ["s3:PutObject"], f"{bucket}/*"
    other_algorithm = {"StringNotEqualsIfExists": {ALGORITHM: "aws:kms"}, "Null": {ALGORITHM: "false"}}
    other_key = {"ArnNotEqualsIfExists": {KEY: key_arn}, "Null": {KEY: "false"}}
    no_key = {"StringEquals": {ALGORITHM: "aws:kms"}, "Null": {KEY: "true"}}
    return [
        deny("DenyOtherEncryption", put, objects, to="*", when=other_algorithm),
        deny("DenyOtherKeys", put, objects, to="*", when=other_key),
        deny("DenyTheKeyOfAws", put, objects, to="*", when=no_key),
    ]


def _server_access(bucket: str, models: str, place: Place) -> Statement:
    """docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"""
    return allow(
        "WhoReadWeights",
        ["s3:PutObject"],
        f"{bucket}/{MODELS_PREFIX}*",
        to={"Service": "logging.s3.amazonaws.com"},
        when={"ArnEquals": {"aws:SourceArn": models}, "StringEquals": {"aws:SourceAccount": place.account}},
    )


def _balancer_access(bucket: str, place: Place) -> Statement:
    """The account in the path is the balancer's, whoever asks for logs: the service writes nowhere else.

    docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    return allow(
        "WhoAskedTheEndpoint",
        ["s3:PutObject"],
        f"{bucket}/{BALANCER_PREFIX}/AWSLogs/{place.account}/*",
        to={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
    )
