"""Faults and refusals in the words of pulumi-aws, which passes on those of the AWS SDK for Go."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.infra.rehearsal.cloud.faults import Fault, Kind
from llmctl.infra.rehearsal.cloud.package import Resource
from llmctl.infra.rehearsal.cloud.request import Operation, Refusal, Request

DOING: Mapping[Operation, str] = {
    Operation.CREATE: "creating",
    Operation.UPDATE: "updating",
    Operation.DELETE: "deleting",
}

WORDS: Mapping[Kind, Refusal] = {
    Kind.THROTTLED: Refusal(
        code="RequestLimitExceeded",
        message="Request limit exceeded.",
        documentation="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
    Kind.CREDENTIALS_EXPIRED: Refusal(
        code="ExpiredToken",
        message="The security token included in the request is expired",
        documentation="https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html",
    ),
    Kind.QUOTA: Refusal(
        code="VcpuLimitExceeded",
        message="You have requested more vCPU capacity than your current vCPU limit allows for the instance bucket "
        "that the specified instance type belongs to.",
        documentation="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
    Kind.DEPENDANT: Refusal(
        code="DependencyViolation",
        message="The resource has a dependent object and cannot be deleted.",
        documentation="https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html",
    ),
    Kind.NO_CAPACITY: Refusal(
        code="InsufficientInstanceCapacity",
        message="We currently do not have sufficient capacity in the Availability Zone you requested.",
        documentation="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html",
    ),
}


def said(resource: Resource, request: Request, refusal: Refusal, attempts: int = 1) -> str:
    service = resource.type.split(":")[1].split("/")[0].upper()
    tried = f"exceeded maximum number of attempts, {attempts}, " if attempts > 1 else ""
    return (
        f"{DOING[request.operation]} {resource.type} ({request.id or resource.name}): operation error {service}: "
        f"{tried}api error {refusal.code}: {refusal.message}"
    )


def failure(fault: Fault, resource: Resource, request: Request, attempts: int) -> str:
    if fault.kind is Kind.TIMES_OUT:
        return f"waiting for {resource.type} ({resource.name}) {request.operation}: timeout while waiting for state"
    if fault.kind in (Kind.ANSWER_LOST, Kind.UNREACHABLE):
        return (
            f"{DOING[request.operation]} {resource.type} ({request.id or resource.name}): request send failed: "
            f"{'EOF' if fault.kind is Kind.ANSWER_LOST else 'dial tcp: i/o timeout'}"
        )
    return said(resource, request, WORDS[fault.kind], attempts if fault.kind is Kind.THROTTLED else 1)
