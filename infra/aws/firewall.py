"""The WAF in front of a public load balancer, and its log of what was refused."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import cloudwatch, wafv2

from llmctl.infra.aws.firewall_rules import (
    KEY_HEADERS,
    MANAGED_GROUPS,
    WINDOW_SECONDS,
    ManagedGroup,
    firewall_name,
    log_group_name,
)
from llmctl.infra.aws.names import Names


@dataclass(frozen=True, kw_only=True)
class FirewallArgs:
    names: Names
    load_balancer_arn: pulumi.Input[str]
    requests_per_five_minutes: int
    """Of one address."""

    log_days: int
    log_key: pulumi.Input[str]
    """ARN of the KMS key for CloudWatch logs."""


class Firewall(pulumi.ComponentResource):
    """Rules, their binding to the load balancer, and their log."""

    bound: wafv2.WebAclAssociation
    """What must be there before anything listens."""

    def __init__(self, name: str, args: FirewallArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:Firewall", name, {}, opts)
        self._name, self._args = name, args
        rules = self._rules()
        self._log(rules)
        self.bound = wafv2.WebAclAssociation(
            f"{name}-bound",
            resource_arn=args.load_balancer_arn,
            web_acl_arn=rules.arn,
            opts=self._child(),
        )
        self.register_outputs({})

    def _rules(self) -> wafv2.WebAcl:
        name = firewall_name(self._args.names)
        managed = [_managed(group, priority) for priority, group in enumerate(MANAGED_GROUPS, start=1)]
        return wafv2.WebAcl(
            self._name,
            name=name,
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=[_rate(self._args.requests_per_five_minutes), *managed],
            visibility_config=_counted(name),
            opts=self._child(),
        )

    def _log(self, rules: wafv2.WebAcl) -> None:
        group = cloudwatch.LogGroup(
            f"{self._name}-log",
            name=log_group_name(self._args.names),
            retention_in_days=self._args.log_days,
            kms_key_id=self._args.log_key,
            opts=self._child(),
        )
        refused: wafv2.WebAclLoggingConfigurationLoggingFilterArgsDict = {
            "default_behavior": "DROP",
            "filters": [
                {
                    "behavior": "KEEP",
                    "requirement": "MEETS_ANY",
                    "conditions": [{"action_condition": {"action": "BLOCK"}}],
                }
            ],
        }
        wafv2.WebAclLoggingConfiguration(
            f"{self._name}-logging",
            resource_arn=rules.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[{"single_header": {"name": header}} for header in KEY_HEADERS],
            logging_filter=refused,
            opts=self._child(),
        )

    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)


def _rate(limit: int) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": "rate",
        "priority": 0,
        "action": {"block": {}},
        "statement": {
            "rate_based_statement": {
                "limit": limit,
                "evaluation_window_sec": WINDOW_SECONDS,
                "aggregate_key_type": "IP",
            }
        },
        "visibility_config": _counted("rate"),
    }


def _managed(group: ManagedGroup, priority: int) -> wafv2.WebAclRuleArgsDict:
    return {
        "name": group.name,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "name": group.name,
                "vendor_name": "AWS",
                "rule_action_overrides": [{"name": rule, "action_to_use": {"count": {}}} for rule in group.counting],
            }
        },
        "visibility_config": _counted(group.name),
    }


def _counted(metric: str) -> wafv2.WebAclRuleVisibilityConfigArgsDict:
    """Sampled requests would show prompts and keys to whoever may read the console."""
    return {"cloudwatch_metrics_enabled": True, "metric_name": metric, "sampled_requests_enabled": False}
