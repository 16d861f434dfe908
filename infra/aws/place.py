"""Place: where in AWS a stack is; and the ARNs that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PARTITIONS: Mapping[str, str] = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
"""By the beginning of a region's name; docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html."""


@dataclass(frozen=True, kw_only=True)
class Place:
    account: str
    """Twelve digits."""

    region: str

    @property
    def partition(self) -> str:
        return next((name for start, name in PARTITIONS.items() if self.region.startswith(f"{start}-")), "aws")

    @property
    def dns_suffix(self) -> str:
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """`region` and `account` are the place's own unless said; "" where a service's ARNs have none."""
        where = self.region if region is None else region
        whose = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{where}:{whose}:{resource}"

    def role(self, name: str) -> str:
        return self.arn("iam", f"role/{name}", region="")

    def bucket(self, name: str) -> str:
        return self.arn("s3", name, region="", account="")
