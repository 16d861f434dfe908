"""What the WAF in front of a public endpoint refuses.

Bodies are prompts, and a prompt may well hold a script, a path or a shell command: the managed rules that look into
bodies count there and refuse nothing. They judge everything else about a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llmctl.infra.aws.names import Names

WINDOW_SECONDS = 300
"""In which requests of one address are counted: `LoadBalancerSettings.requests_per_five_minutes`."""


@dataclass(frozen=True, kw_only=True)
class ManagedGroup:
    """A rule group that AWS keeps, and those of its rules that only count.

    docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
    """

    name: str
    counting: Sequence[str] = ()


MANAGED_GROUPS = (
    ManagedGroup(name="AWSManagedRulesAmazonIpReputationList"),
    ManagedGroup(
        name="AWSManagedRulesCommonRuleSet",
        counting=(
            "SizeRestrictions_BODY",
            "EC2MetaDataSSRF_BODY",
            "GenericLFI_BODY",
            "GenericRFI_BODY",
            "CrossSiteScripting_BODY",
        ),
    ),
    ManagedGroup(
        name="AWSManagedRulesKnownBadInputsRuleSet",
        counting=("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"),
    ),
)
"""In order, after the rate rule."""

KEY_HEADERS = ("authorization", "x-api-key")
"""Left out of the log: they hold callers' keys."""

LOG_PREFIX = "aws-waf-logs-"
"""WAF writes to no other log group: docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html."""


def firewall_name(names: Names) -> str:
    return names.hyphened("waf", most=128)


def log_group_name(names: Names) -> str:
    return LOG_PREFIX + firewall_name(names)
