"""What AWS refuses of tags: their number, characters, and names that are its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, AwsRule, Message, refuses
from llmctl.infra.rehearsal.cloud.request import Request, World

MOST_TAGS = 50
MOST_KEY, MOST_VALUE = 128, 256
ALLOWED = re.compile(r"[\w\s.:/=+@-]*")
"""What all services take; docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html."""

DOCS = "https://docs.aws.amazon.com"
SERVICES: Mapping[str, tuple[str, str, str]] = {
    "ec2": ("TagLimitExceeded", "InvalidParameterValue", f"{DOCS}/AWSEC2/latest/UserGuide/Using_Tags.html"),
    "iam": ("LimitExceeded", "InvalidInput", f"{DOCS}/IAM/latest/UserGuide/id_tags.html"),
    "kms": ("TagException", "TagException", f"{DOCS}/kms/latest/APIReference/API_CreateKey.html"),
    "s3": ("BadRequest", "InvalidTag", f"{DOCS}/AmazonS3/latest/API/ErrorResponses.html"),
    "ecr": (
        "TooManyTagsException",
        "InvalidTagParameterException",
        f"{DOCS}/AmazonECR/latest/APIReference/API_CreateRepository.html",
    ),
    "eks": (
        "InvalidParameterException",
        "InvalidParameterException",
        f"{DOCS}/eks/latest/userguide/eks-using-tags.html",
    ),
    "cloudwatch": (
        "InvalidParameterException",
        "InvalidParameterException",
        f"{DOCS}/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    "lb": (
        "TooManyTags",
        "ValidationError",
        f"{DOCS}/elasticloadbalancing/latest/application/load-balancer-limits.html",
    ),
}
"""By the SDK's module: code for too many, code for wrong ones, page."""


def too_many(request: Request, _: World) -> str | None:
    tags = _tags(request)
    return f"{len(tags)} tags; a resource has at most {MOST_TAGS}." if len(tags) > MOST_TAGS else None


def of_aws(request: Request, _: World) -> str | None:
    ours = next((key for key in _tags(request) if key.lower().startswith("aws:")), None)
    return f"Tag keys starting with 'aws:' are reserved for AWS, such as {ours}." if ours else None


def malformed(request: Request, _: World) -> str | None:
    for key, value in _tags(request).items():
        if not (1 <= len(key) <= MOST_KEY and ALLOWED.fullmatch(key)):
            return f"The tag key {key!r} is invalid: 1 to {MOST_KEY} letters, digits, spaces and _.:/=+-@."
        if not (len(value) <= MOST_VALUE and ALLOWED.fullmatch(value)):
            return f"The value {value!r} of tag {key} is invalid: at most {MOST_VALUE} letters, digits and _.:/=+-@."
    return None


def _tags(request: Request) -> Mapping[str, str]:
    """Those of the provider too, where the request has them all."""
    tags = request.inputs.get("tagsAll") or request.inputs.get("tags")
    return {str(key): str(value) for key, value in tags.items()} if isinstance(tags, Mapping) else {}


def _rule(name: str, service: str, message: Message, code: str, page: str) -> AwsRule:
    rule = refuses(f"aws:{service}/", code=code, documentation=page, on=WRITE)(message)
    return AwsRule(**{**vars(rule), "name": f"{name}_{service}"})


RULES = tuple(
    _rule(name, service, message, code, page)
    for service, (excess, wrong, page) in SERVICES.items()
    for name, message, code in (
        ("too_many_tags_of", too_many, excess),
        ("tag_of_aws_in", of_aws, wrong),
        ("malformed_tag_of", malformed, wrong),
    )
)
