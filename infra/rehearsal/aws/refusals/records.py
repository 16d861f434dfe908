"""What CloudWatch Logs refuses of a log group, and ECR of a repository."""

from __future__ import annotations

import re

from llmctl.infra.rehearsal.aws.refusals.keys import KEY
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, number, referred
from llmctl.infra.rehearsal.aws.refusals.policy import admits, read
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.cloud.request import Request, World

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
REPOSITORY = "aws:ecr/repository:Repository"

LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"
ECR = "https://docs.aws.amazon.com/AmazonECR/latest/APIReference"

RETENTION_DAYS = (
    *(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""0 is the provider's word for: for ever."""

LOG_GROUP_NAME = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
REPOSITORY_NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")


@refuses(
    LOG_GROUP,
    code="InvalidParameterException",
    documentation=f"{LOGS}/API_PutRetentionPolicy.html",
    on=WRITE,
)
def log_retention(request: Request, _: World) -> str | None:
    days = number(request.inputs, "retentionInDays")
    if days is None or days in RETENTION_DAYS:
        return None
    allowed = ", ".join(str(one) for one in RETENTION_DAYS[1:])
    return f"Retention of {days:.0f} days is not one of {allowed}."


@refuses(
    LOG_GROUP,
    code="InvalidParameterException",
    documentation=f"{LOGS}/API_CreateLogGroup.html",
)
def log_group_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "unnamed"))
    if LOG_GROUP_NAME.fullmatch(name) and not name.startswith("aws/"):
        return None
    return f"'{name}' is no name of a log group: 1 to 512 letters, digits and . - _ / #, not after aws/."


@refuses(
    LOG_GROUP,
    code="ResourceAlreadyExistsException",
    documentation=f"{LOGS}/API_CreateLogGroup.html",
)
def log_group_exists(request: Request, world: World) -> str | None:
    """A service that wrote first has made it, such as EKS before anybody declared its log group."""
    name = request.inputs.get("name")
    for group in in_region(request, world, LOG_GROUP):
        if name and group.outputs.get("name") == name:
            return f"The specified log group already exists: {name}, made by {group.made_by}."
    return None


@refuses(
    LOG_GROUP,
    code="InvalidParameterException",
    documentation="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    on=WRITE,
)
def log_key_without_the_service(request: Request, world: World) -> str | None:
    reference = request.inputs.get("kmsKeyId")
    key = referred(request, world, KEY, reference)
    service = f"logs.{request.region}.amazonaws.com"
    policy = read(key.outputs.get("policy")) if key else None
    admitted = policy is not None and any(
        admits(policy, name, "kms:Encrypt", kind="Service") for name in (service, "logs.amazonaws.com")
    )
    if reference is None or admitted:
        return None
    return f"The specified KMS key does not exist or is not allowed to be used by {service}: {reference}."


@refuses(REPOSITORY, code="InvalidParameterException", documentation=f"{ECR}/API_CreateRepository.html")
def repository_name(request: Request, _: World) -> str | None:
    name = str(request.inputs.get("name", "unnamed"))
    if REPOSITORY_NAME.fullmatch(name) and 2 <= len(name) <= 256:
        return None
    return f"Invalid parameter at 'repositoryName': '{name}' is not 2 to 256 of a-z, 0-9, with . _ - / between them."


@refuses(REPOSITORY, code="RepositoryAlreadyExistsException", documentation=f"{ECR}/API_CreateRepository.html")
def repository_exists(request: Request, world: World) -> str | None:
    name = request.inputs.get("name")
    taken = any(name and one.outputs.get("name") == name for one in in_region(request, world, REPOSITORY))
    return f"The repository with name '{name}' already exists." if taken else None


RULES = (
    log_retention,
    log_group_name,
    log_group_exists,
    log_key_without_the_service,
    repository_name,
    repository_exists,
)
