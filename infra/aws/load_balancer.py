"""The endpoint's own address: a load balancer whose traffic is encrypted as far as the gateway's pods.

public: an ALB ends the callers' TLS behind a WAF and speaks HTTPS to the pods. internal: an NLB passes TCP on to the
TLS of the gateway. The targets are registered by the cluster's controller (target_group_binding.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, lb, route53, vpc

from llmctl.infra.aws.after import after
from llmctl.infra.aws.certificate import ProvenCertificate, ProvenCertificateArgs
from llmctl.infra.aws.firewall import Firewall, FirewallArgs
from llmctl.infra.aws.listening import INTERNAL, PUBLIC
from llmctl.infra.aws.names import Names

ANYWHERE = "0.0.0.0/0"
HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class LoadBalancerArgs:
    names: Names
    public: bool
    domain: str
    hosted_zone: str | None
    """Id of the Route 53 zone in which the name is written; None: the user does it."""

    certificate: str | None
    """Of a public one: ARN in ACM; None: one is made, which needs hosted_zone. An internal one has none."""

    vpc_id: pulumi.Input[str]
    cidr: str
    """Of the VPC; what is in it may use an internal load balancer."""

    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Public ones for a public load balancer, private ones for an internal one."""

    pods_group: pulumi.Input[str]
    """Id of the security group of the gateway's pods: the cluster's."""

    pods_port: int
    """At which the gateway's pods serve TLS."""

    drain_seconds: int
    """That a gateway may take to end its answers; at most 3,600."""

    requests_per_five_minutes: int
    log_bucket: pulumi.Input[str]
    log_days: int
    log_key: pulumi.Input[str]
    """ARN of the KMS key for CloudWatch logs."""

    deletion_protection: bool


class LoadBalancer(pulumi.ComponentResource):
    """One listener on 443, one target group."""

    dns_name: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]
    """What uses it comes after the listener: before, no target is ever found healthy."""

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:LoadBalancer", name, {}, opts)
        self._name, self._args, self._as = name, args, PUBLIC if args.public else INTERNAL
        balancer = self._balancer(self._group())
        targets = self._targets()
        listener = self._listener(balancer, targets)
        self._write_name(balancer)
        self.dns_name = balancer.dns_name
        self.target_group_arn = after(targets.arn, listener)
        self.register_outputs({"dnsName": self.dns_name, "targetGroupArn": self.target_group_arn})

    def _group(self) -> ec2.SecurityGroup:
        """In on 443, out to the pods' port, and the pods let exactly that in."""
        group = ec2.SecurityGroup(
            f"{self._name}-group",
            name=self._args.names.of(self._as.purpose),
            description=f"The {self._as.purpose} load balancer of the endpoint",
            vpc_id=self._args.vpc_id,
            opts=self._child(),
        )
        vpc.SecurityGroupIngressRule(
            f"{self._name}-callers",
            security_group_id=group.id,
            cidr_ipv4=ANYWHERE if self._args.public else self._args.cidr,
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            description="Callers of the endpoint",
            opts=self._child(),
        )
        vpc.SecurityGroupEgressRule(
            f"{self._name}-to-pods",
            security_group_id=group.id,
            referenced_security_group_id=self._args.pods_group,
            ip_protocol="tcp",
            from_port=self._args.pods_port,
            to_port=self._args.pods_port,
            description="The pods of the gateway",
            opts=self._child(),
        )
        vpc.SecurityGroupIngressRule(
            f"{self._name}-into-pods",
            security_group_id=self._args.pods_group,
            referenced_security_group_id=group.id,
            ip_protocol="tcp",
            from_port=self._args.pods_port,
            to_port=self._args.pods_port,
            description="From the load balancer of the endpoint",
            opts=self._child(),
        )
        return group

    def _balancer(self, group: ec2.SecurityGroup) -> lb.LoadBalancer:
        wanted, args = self._as, self._args
        return lb.LoadBalancer(
            self._name,
            lb.LoadBalancerArgs(
                name=args.names.hyphened(wanted.purpose),
                load_balancer_type=wanted.kind,
                internal=not args.public,
                subnets=args.subnet_ids,
                security_groups=[group.id],
                ip_address_type="ipv4",
                enable_deletion_protection=args.deletion_protection,
                enable_cross_zone_load_balancing=True,
                idle_timeout=wanted.http_idle_seconds,
                drop_invalid_header_fields=wanted.drops_invalid_headers,
                access_logs=self._access_logs(),
            ),
            self._child(),
        )

    def _access_logs(self) -> lb.LoadBalancerAccessLogsArgs | None:
        if (prefix := self._as.access_log_prefix) is None:
            return None
        return lb.LoadBalancerAccessLogsArgs(bucket=self._args.log_bucket, prefix=prefix, enabled=True)

    def _targets(self) -> lb.TargetGroup:
        wanted, port = self._as, self._args.pods_port
        return lb.TargetGroup(
            f"{self._name}-pods",
            lb.TargetGroupArgs(
                # What AWS cannot change is in the name: the successor stands beside it until the listener has moved.
                name=self._args.names.hyphened(f"{wanted.target_protocol}-{port}"),
                vpc_id=self._args.vpc_id,
                target_type="ip",
                ip_address_type="ipv4",
                protocol=wanted.target_protocol,
                protocol_version=wanted.target_version,
                port=port,
                preserve_client_ip=wanted.preserves_client_ip,
                load_balancing_algorithm_type=wanted.algorithm,
                deregistration_delay=self._args.drain_seconds,
                health_check=wanted.health_check(),
            ),
            self._child(),
        )

    def _listener(self, balancer: lb.LoadBalancer, targets: lb.TargetGroup) -> lb.Listener:
        guarded = [self._firewall(balancer).bound] if self._args.public else []
        return lb.Listener(
            f"{self._name}-https",
            load_balancer_arn=balancer.arn,
            port=HTTPS,
            protocol=self._as.protocol,
            ssl_policy=self._as.tls_policy,
            certificate_arn=self._certificate() if self._args.public else None,
            tcp_idle_timeout_seconds=self._as.tcp_idle_seconds,
            default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            opts=self._child(*guarded),
        )

    def _firewall(self, balancer: lb.LoadBalancer) -> Firewall:
        args = FirewallArgs(
            names=self._args.names,
            load_balancer_arn=balancer.arn,
            requests_per_five_minutes=self._args.requests_per_five_minutes,
            log_days=self._args.log_days,
            log_key=self._args.log_key,
        )
        return Firewall(f"{self._name}-firewall", args, self._child())

    def _certificate(self) -> pulumi.Input[str]:
        if self._args.certificate is not None:
            return self._args.certificate
        if self._args.hosted_zone is None:
            raise ValueError("a public load balancer with neither certificate nor hosted zone")
        args = ProvenCertificateArgs(domain=self._args.domain, hosted_zone=self._args.hosted_zone)
        return ProvenCertificate(f"{self._name}-certificate", args, self._child()).arn

    def _write_name(self, balancer: lb.LoadBalancer) -> None:
        if self._args.hosted_zone is None:
            return
        route53.Record(
            f"{self._name}-name",
            zone_id=self._args.hosted_zone,
            name=self._args.domain,
            type="A",
            aliases=[{"name": balancer.dns_name, "zone_id": balancer.zone_id, "evaluate_target_health": True}],
            opts=self._child(),
        )

    def _child(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after])
