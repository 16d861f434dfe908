"""A certificate for the endpoint's name, proved in DNS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_aws import acm, route53

PROOF_SECONDS = 60
"""That resolvers keep the proof. ACM reads it again at every renewal, so it stays."""


@dataclass(frozen=True, kw_only=True)
class ProvenCertificateArgs:
    domain: str
    hosted_zone: str
    """Id of the Route 53 zone in which the proof is written."""


class ProvenCertificate(pulumi.ComponentResource):
    """A certificate of ACM."""

    arn: pulumi.Output[str]
    """Known when the certificate is issued."""

    def __init__(self, name: str, args: ProvenCertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmctl:aws:ProvenCertificate", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        certificate = acm.Certificate(name, domain_name=args.domain, validation_method="DNS", opts=child)
        # One name has one proof: there is exactly one option, whatever it says.
        option = certificate.domain_validation_options[0]
        proof = route53.Record(
            f"{name}-proof",
            zone_id=args.hosted_zone,
            name=option.resource_record_name,
            type=option.resource_record_type,
            records=[option.resource_record_value],
            ttl=PROOF_SECONDS,
            # Account and name make the proof: an earlier certificate for the name has left the same record.
            allow_overwrite=True,
            opts=child,
        )
        issued = acm.CertificateValidation(
            f"{name}-issued",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[proof.fqdn],
            opts=child,
        )
        self.arn = issued.certificate_arn
        self.register_outputs({"arn": self.arn})
