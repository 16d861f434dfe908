"""What is refused of listeners, their certificates, and the firewall before them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from llmctl.infra.rehearsal.aws.refusals.load_balancer import API, TARGET_GROUP, balancer_of, kind
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, is_named, listed, mapped, number, referred
from llmctl.infra.rehearsal.aws.refusals.rule import WRITE, refuses
from llmctl.infra.rehearsal.cloud.request import Request, World

LISTENER = "aws:lb/listener:Listener"
CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
WEB_ACL_ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"

CREATE = f"{API}/API_CreateListener.html"
HTTPS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html"
WAF = "https://docs.aws.amazon.com/waf/latest/APIReference"

PROTOCOLS = {
    "application": ("HTTP", "HTTPS"),
    "network": ("TCP", "TLS", "UDP", "TCP_UDP", "QUIC", "TCP_QUIC"),
}
WITH_CERTIFICATE = ("HTTPS", "TLS")
TCP_IDLE_SECONDS = (60, 6_000)
GLOBAL_REGION = "us-east-1"
"""Where a web ACL for CloudFront is made."""


@refuses(LISTENER, code="ValidationError", documentation=CREATE, on=WRITE)
def listener_without_certificate(request: Request, _: World) -> str | None:
    protocol = request.inputs.get("protocol")
    if protocol not in WITH_CERTIFICATE or request.inputs.get("certificateArn"):
        return None
    return f"A certificate must be specified for {protocol} listeners."


@refuses(LISTENER, code="ValidationError", documentation=CREATE, on=WRITE)
def listener_protocol(request: Request, world: World) -> str | None:
    balancer = balancer_of(request, world, request.inputs.get("loadBalancerArn"))
    allowed = PROTOCOLS.get(kind(balancer.outputs)) if balancer else None
    protocol = request.inputs.get("protocol")
    if allowed is None or protocol is None or protocol in allowed:
        return None
    return f"Listener protocol '{protocol}' must be one of '{', '.join(allowed)}'."


@refuses(LISTENER, code="DuplicateListener", documentation=CREATE)
def listener_port_twice(request: Request, world: World) -> str | None:
    ours = (request.inputs.get("loadBalancerArn"), number(request.inputs, "port"))
    for listener in in_region(request, world, LISTENER):
        if (listener.outputs.get("loadBalancerArn"), number(listener.outputs, "port")) == ours:
            return f"A listener already exists on this port for this load balancer: {ours[1]:.0f}, {listener.id}."
    return None


@refuses(LISTENER, code="CertificateNotFound", documentation=HTTPS, on=WRITE)
def certificate_elsewhere(request: Request, _: World) -> str | None:
    arn = str(request.inputs.get("certificateArn") or "")
    region = arn.split(":")[3] if arn.startswith("arn:") and ":acm:" in arn else request.region
    if region == request.region:
        return None
    return f"Certificate '{arn}' not found: it is in {region}, the load balancer in {request.region}."


@refuses(LISTENER, code="UnsupportedCertificate", documentation=HTTPS, on=WRITE)
def certificate_not_issued(request: Request, world: World) -> str | None:
    arn = request.inputs.get("certificateArn")
    certificate = referred(request, world, CERTIFICATE, arn)
    validated = any(one.outputs.get("certificateArn") == arn for one in in_region(request, world, VALIDATION))
    if certificate is None or certificate.outputs.get("status") == "ISSUED" or validated:
        return None
    return (
        f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported key "
        "size. (It is not issued: its domain is not validated yet.)"
    )


@refuses(LISTENER, code="InvalidConfigurationRequest", documentation=f"{API}/API_ListenerAttribute.html", on=WRITE)
def tcp_idle_timeout(request: Request, _: World) -> str | None:
    seconds = number(request.inputs, "tcpIdleTimeoutSeconds")
    least, most = TCP_IDLE_SECONDS
    if seconds is None or least <= seconds <= most:
        return None
    return f"tcp.idle_timeout.seconds is {seconds:.0f}; {least} to {most} are allowed."


@refuses(LISTENER, code="IncompatibleProtocols", documentation=CREATE, on=WRITE)
def target_group_of_another_kind(request: Request, world: World) -> str | None:
    balancer = balancer_of(request, world, request.inputs.get("loadBalancerArn"))
    allowed = PROTOCOLS.get(kind(balancer.outputs)) if balancer else None
    for arn in target_groups(request.inputs):
        group = referred(request, world, TARGET_GROUP, arn)
        protocol = group.outputs.get("protocol") if group else None
        if allowed and protocol and protocol not in allowed:
            return f"A listener of this load balancer takes no target group with protocol {protocol} ({arn})."
    return None


@refuses(LISTENER, code="TargetGroupAssociationLimit", documentation=CREATE, on=WRITE)
def target_group_of_two_balancers(request: Request, world: World) -> str | None:
    balancer, ours = request.inputs.get("loadBalancerArn"), set(target_groups(request.inputs))
    for listener in in_region(request, world, LISTENER):
        shared = sorted(ours & set(target_groups(listener.outputs)))
        if shared and listener.outputs.get("loadBalancerArn") != balancer:
            return f"The following target groups cannot be associated with more than one load balancer: {shared[0]}."
    return None


@refuses(WEB_ACL_ASSOCIATION, code="WAFInvalidParameterException", documentation=f"{WAF}/API_AssociateWebACL.html")
def firewall_before_network_balancer(request: Request, world: World) -> str | None:
    arn = str(request.inputs.get("resourceArn", ""))
    balancer = balancer_of(request, world, arn)
    network = ":loadbalancer/net/" in arn or (balancer is not None and kind(balancer.outputs) == "network")
    if not network:
        return None
    return f"The ARN isn't valid for RESOURCE_ARN: {arn}. A web ACL protects Application Load Balancers, not others."


@refuses(WEB_ACL_ASSOCIATION, code="WAFNonexistentItemException", documentation=f"{WAF}/API_AssociateWebACL.html")
def firewall_before_nothing(request: Request, world: World) -> str | None:
    arn = str(request.inputs.get("webAclArn", ""))
    if f":{request.account}:" not in arn or any(is_named(one, arn) for one in in_region(request, world, WEB_ACL)):
        return None
    return f"AWS WAF couldn't perform the operation because your resource doesn't exist: {arn}."


@refuses(WEB_ACL, code="WAFInvalidParameterException", documentation=f"{WAF}/API_CreateWebACL.html")
def firewall_scope(request: Request, _: World) -> str | None:
    if request.inputs.get("scope") != "CLOUDFRONT" or request.region == GLOBAL_REGION:
        return None
    return f"The scope is not valid: CLOUDFRONT is made in {GLOBAL_REGION}; in {request.region} it is REGIONAL."


@refuses(WEB_ACL, code="WAFInvalidParameterException", documentation=f"{WAF}/API_Rule.html", on=WRITE)
def firewall_priorities(request: Request, _: World) -> str | None:
    rules = [rule for rule in listed(request.inputs, "rules") if isinstance(rule, Mapping)]
    for key in ("priority", "name"):
        values = [str(rule.get(key)) for rule in rules]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            return f"Rules of a web ACL have different names and priorities: {key} {twice[0]} is there twice."
    return None


def target_groups(inputs: Mapping[str, Any]) -> Iterator[str]:
    """Of a listener's default actions."""
    for action in listed(inputs, "defaultActions"):
        if isinstance(action, Mapping):
            forward = listed(mapped(action, "forward"), "targetGroups")
            arns = [action.get("targetGroupArn"), *(one.get("arn") for one in forward)]
            yield from (str(arn) for arn in arns if arn)


RULES = (
    listener_without_certificate,
    listener_protocol,
    listener_port_twice,
    certificate_elsewhere,
    certificate_not_issued,
    tcp_idle_timeout,
    target_group_of_another_kind,
    target_group_of_two_balancers,
    firewall_before_network_balancer,
    firewall_before_nothing,
    firewall_scope,
    firewall_priorities,
)
