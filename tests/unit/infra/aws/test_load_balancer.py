from __future__ import annotations

from dataclasses import replace

import pulumi
import pytest
from drivers.aws_networks import ANSWERS, LOG_BUCKET, LOG_KEY, PODS_GROUP, PODS_PORT, PUBLIC
from drivers.declared import Declaration, declare

from llmctl.infra.aws.load_balancer import LoadBalancer, LoadBalancerArgs

BALANCER, LISTENER = "aws:lb/loadBalancer:LoadBalancer", "aws:lb/listener:Listener"
TARGETS = "aws:lb/targetGroup:TargetGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
ACL = "aws:wafv2/webAcl:WebAcl"
RECORD = "aws:route53/record:Record"
CERTIFICATE = "aws:acm/certificate:Certificate"
OWN = "arn:aws:acm:eu-west-1:111122223333:certificate/own"

INTERNAL = replace(PUBLIC, public=False)


def _balancer(args: LoadBalancerArgs, *, preview: bool = False) -> Declaration:
    def program() -> dict[str, pulumi.Output[str]]:
        made = LoadBalancer("endpoint", args)
        return {"dns": made.dns_name, "targets": made.target_group_arn}

    return declare(program, preview=preview, answers=ANSWERS)


def test_the_public_listener_speaks_https_with_a_proven_certificate_and_no_old_tls() -> None:
    declared = _balancer(PUBLIC)
    listener = declared.one(LISTENER)
    assert (listener.inputs["port"], listener.inputs["protocol"]) == (443, "HTTPS")
    assert listener.inputs["sslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    assert "endpoint-certificate-issued" in declared.before(listener.name)
    proof = declared.named("endpoint-certificate-proof")
    assert (proof.inputs["zoneId"], proof.inputs["type"]) == ("Z111", "CNAME")


def test_a_certificate_that_is_there_is_taken_and_none_is_made() -> None:
    declared = _balancer(replace(PUBLIC, certificate=OWN, hosted_zone=None))
    assert declared.one(LISTENER).inputs["certificateArn"] == OWN
    assert not declared.of(CERTIFICATE)
    assert not declared.of(RECORD)


def test_a_public_endpoint_without_any_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="neither certificate nor hosted zone"):
        _balancer(replace(PUBLIC, hosted_zone=None))


def test_the_public_balancer_waits_for_long_answers_logs_accesses_and_drops_malformed_headers() -> None:
    made = _balancer(PUBLIC).one(BALANCER).inputs
    assert (made["loadBalancerType"], made["internal"], made["idleTimeout"]) == ("application", False, 4000)
    assert made["accessLogs"] == {"bucket": LOG_BUCKET, "prefix": "load-balancer", "enabled": True}
    assert made["dropInvalidHeaderFields"] is True


def test_the_internal_balancer_passes_tcp_on_as_patiently() -> None:
    declared = _balancer(INTERNAL)
    made, listener = declared.one(BALANCER).inputs, declared.one(LISTENER).inputs
    assert (made["loadBalancerType"], made["internal"]) == ("network", True)
    assert (listener["port"], listener["protocol"], listener["tcpIdleTimeoutSeconds"]) == (443, "TCP", 4000)
    assert not {"sslPolicy", "certificateArn"} & set(listener), "the gateway has the certificate"
    assert not {"idleTimeout", "dropInvalidHeaderFields", "accessLogs"} & set(made), "an NLB has none of these"
    assert not declared.of(ACL)


@pytest.mark.parametrize(("args", "protocol"), [(PUBLIC, "HTTPS"), (INTERNAL, "TCP")], ids=["public", "internal"])
def test_traffic_is_encrypted_to_the_pod_and_health_asked_of_the_gateway(args: LoadBalancerArgs, protocol: str) -> None:
    targets = _balancer(args).one(TARGETS).inputs
    assert (targets["protocol"], targets["targetType"], targets["port"]) == (protocol, "ip", PODS_PORT)
    assert (targets["healthCheck"]["protocol"], targets["healthCheck"]["path"]) == ("HTTPS", "/ping")
    assert targets["deregistrationDelay"] == args.drain_seconds


@pytest.mark.parametrize(("args", "callers"), [(PUBLIC, "0.0.0.0/0"), (INTERNAL, INTERNAL.cidr)])
def test_callers_meet_443_and_the_balancer_meets_the_pods_port_and_nothing_else(
    args: LoadBalancerArgs, callers: str
) -> None:
    declared = _balancer(args)
    own = "endpoint-group-id"
    assert [
        (rule.inputs["securityGroupId"], rule.inputs.get("cidrIpv4"), rule.inputs.get("referencedSecurityGroupId"))
        for rule in declared.of(INGRESS)
    ] == [(own, callers, None), (PODS_GROUP, None, own)]
    assert [rule.inputs["fromPort"] for rule in declared.of(INGRESS)] == [443, PODS_PORT]
    out = declared.one(EGRESS).inputs
    assert (out["referencedSecurityGroupId"], out["fromPort"], out["toPort"]) == (PODS_GROUP, PODS_PORT, PODS_PORT)


def test_nothing_listens_before_the_firewall_stands_in_front() -> None:
    declared = _balancer(PUBLIC)
    assert {"endpoint-firewall", "endpoint-firewall-bound"} <= declared.before("endpoint-https")


def test_the_firewall_counts_what_it_finds_in_prompts_and_refuses_the_rest() -> None:
    rules = {rule["name"]: rule for rule in _balancer(PUBLIC).one(ACL).inputs["rules"]}
    assert rules["rate"]["statement"]["rateBasedStatement"]["limit"] == PUBLIC.requests_per_five_minutes
    managed = [r["statement"]["managedRuleGroupStatement"] for r in rules.values() if r["name"] != "rate"]
    counting = [rule for group in managed for rule in group.get("ruleActionOverrides", [])]
    assert all(rule["name"].endswith("_BODY") and rule["actionToUse"] == {"count": {}} for rule in counting)
    assert "SizeRestrictions_BODY" in {rule["name"] for rule in counting}, "it would refuse prompts over 8 KiB"
    assert sorted(rule["priority"] for rule in rules.values()) == [*range(len(rules))]


def test_keys_of_callers_do_not_get_into_the_log_of_the_firewall() -> None:
    declared = _balancer(PUBLIC)
    logging = declared.one("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    assert {"singleHeader": {"name": "authorization"}} in logging["redactedFields"]
    assert not any(rule["visibilityConfig"]["sampledRequestsEnabled"] for rule in declared.one(ACL).inputs["rules"])
    group = declared.one("aws:cloudwatch/logGroup:LogGroup").inputs
    assert group["name"].startswith("aws-waf-logs-")
    assert group["kmsKeyId"] == LOG_KEY


@pytest.mark.parametrize("args", [PUBLIC, INTERNAL], ids=["public", "internal"])
def test_pods_are_bound_after_the_listener_and_the_target_group_goes_after_both(args: LoadBalancerArgs) -> None:
    def program() -> None:
        made = LoadBalancer("endpoint", args)
        pulumi.CustomResource("test:index:Binding", "binding", {"arn": made.target_group_arn})

    declared = declare(program, answers=ANSWERS)
    assert declared.named("binding").inputs["arn"].endswith("endpoint-pods")
    assert {"endpoint-https", "endpoint-pods", "endpoint"} <= declared.before("binding")
    assert {"endpoint-pods", "endpoint"} <= declared.before("endpoint-https")


@pytest.mark.parametrize("args", [PUBLIC, INTERNAL], ids=["public", "internal"])
def test_the_name_leads_to_the_balancer_where_a_zone_is_given(args: LoadBalancerArgs) -> None:
    record = _balancer(args).named("endpoint-name").inputs
    assert (record["zoneId"], record["name"]) == ("Z111", "llm.example.com")
    assert record["aliases"][0]["name"] == "dev.elb.amazonaws.com"
    assert "endpoint-name" not in {
        r.name for r in _balancer(replace(args, hosted_zone=None, certificate=OWN)).resources
    }


def test_what_aws_cannot_change_of_a_target_group_is_in_its_name() -> None:
    names = {
        _balancer(args).one(TARGETS).inputs["name"] for args in (PUBLIC, INTERNAL, replace(PUBLIC, pods_port=8443))
    }
    assert len(names) == 3
    assert all(len(name) <= 32 for name in names)


@pytest.mark.parametrize("protected", [True, False])
def test_deletion_protection_is_what_the_stack_says(protected: bool) -> None:
    balancer = _balancer(replace(PUBLIC, deletion_protection=protected)).one(BALANCER)
    assert balancer.inputs["enableDeletionProtection"] is protected


@pytest.mark.parametrize("args", [PUBLIC, INTERNAL], ids=["public", "internal"])
def test_a_preview_shows_the_same_resources(args: LoadBalancerArgs) -> None:
    before, after = _balancer(args, preview=True), _balancer(args)
    assert sorted((r.type, r.name) for r in before.resources) == sorted((r.type, r.name) for r in after.resources)
