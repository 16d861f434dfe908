"""How the two kinds of load balancer differ: an ALB for callers from the internet, an NLB for those in the VPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pulumi_aws.lb import TargetGroupHealthCheckArgs

IDLE_SECONDS = 4000
"""A long answer without streaming is silent until it is whole. The most that an ALB waits:
docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html. A TCP listener of an NLB
would wait for 6,000 s: docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html."""

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
"""TLS 1.2 with forward secrecy, and 1.3: what AWS recommends in
docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html."""

PING = "/ping"
"""Answered by a gateway that takes requests. Not /health: it says whether models are ready, and a gateway in front of
models that have no replica yet, or none any more, must be met, or its callers are not told to come again."""

CHECK_SECONDS, CHECKS_UP, CHECKS_DOWN = 10, 2, 3
"""A new gateway gets requests after 20 s, a dead one none after 30 s. Of what AWS allows (from 5 s, from 2) nearly the
least, as every pod of a rolling update waits for it."""


@dataclass(frozen=True, kw_only=True)
class Listening:
    """None: an attribute that the other kind has."""

    purpose: Literal["public", "internal"]
    kind: Literal["application", "network"]
    protocol: Literal["HTTPS", "TCP"]
    tls_policy: str | None = None
    target_protocol: Literal["HTTPS", "TCP"]
    target_version: str | None = None
    http_idle_seconds: int | None = None
    tcp_idle_seconds: int | None = None
    drops_invalid_headers: bool | None = None
    preserves_client_ip: Literal["true", "false"] | None = None
    algorithm: str | None = None
    access_log_prefix: str | None = None
    """In the log bucket."""

    def health_check(self) -> TargetGroupHealthCheckArgs:
        return TargetGroupHealthCheckArgs(
            protocol="HTTPS",
            path=PING,
            matcher="200",
            interval=CHECK_SECONDS,
            healthy_threshold=CHECKS_UP,
            unhealthy_threshold=CHECKS_DOWN,
        )


PUBLIC = Listening(
    purpose="public",
    kind="application",
    protocol="HTTPS",
    tls_policy=TLS_POLICY,
    target_protocol="HTTPS",
    target_version="HTTP1",  # all that the gateway offers
    http_idle_seconds=IDLE_SECONDS,
    drops_invalid_headers=True,
    algorithm="least_outstanding_requests",  # one answer may take a thousand times as long as another
    access_log_prefix="load-balancer",
)

INTERNAL = Listening(
    purpose="internal",
    kind="network",
    protocol="TCP",
    target_protocol="TCP",
    tcp_idle_seconds=IDLE_SECONDS,
    # With it, a pod that calls the endpoint and is sent to its own node gets no answer:
    # docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
    preserves_client_ip="false",
    # No access log: AWS writes one for TLS listeners only, and the gateway writes its own.
    # docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html
)
