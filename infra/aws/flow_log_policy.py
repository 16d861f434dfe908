"""What the role of the VPC's flow logs may do: write into their one log group.

docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html; CreateLogGroup is left out, the group is the stack's.
"""

from __future__ import annotations

import json

from llmctl.infra.aws.names import Names
from llmctl.infra.aws.place import Place

WRITES = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams")


def log_group_name(names: Names) -> str:
    return names.of("flow-logs")


def log_group_arn(place: Place, name: str) -> str:
    return place.arn("logs", f"log-group:{name}")


def writer_policy(place: Place, log_group: str) -> str:
    statement = {
        "Effect": "Allow",
        "Action": [*WRITES],
        "Resource": [log_group_arn(place, log_group), f"{log_group_arn(place, log_group)}:*"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def writer_trust(place: Place) -> str:
    """Only flow logs of this account, lest the service write here on others' behalf."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "vpc-flow-logs.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": place.account},
            "ArnLike": {"aws:SourceArn": place.arn("ec2", "vpc-flow-log/*")},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
