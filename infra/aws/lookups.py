"""What a program asks AWS for while it runs, by the provider's own functions: the same account, the same double."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pulumi
import pulumi_aws as aws
from pulumi_aws import ec2, iam

from llmctl.infra.aws.policies.trust import ISSUERS
from llmctl.infra.aws.tags import STACK
from llmctl.infra.aws_settings import ExistingVpc

AUTOSCALING_PATH = "/aws-service-role/autoscaling.amazonaws.com/"
AUTOSCALING_ROLE = "AWSServiceRoleForAutoScaling"
"""docs.aws.amazon.com/autoscaling/ec2/userguide/autoscaling-service-linked-role.html"""

ZONES = 3
"""That a stack is in, where its file names none: one may fail, and GPUs are looked for in three places."""


class Lookups:
    def __init__(self, provider: pulumi.ProviderResource) -> None:
        self._by = pulumi.InvokeOptions(provider=provider)

    def zones(self) -> tuple[str, ...]:
        """The first three that every account has: not local zones, not those that must be asked for."""
        everywhere = aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])
        found = aws.get_availability_zones(state="available", filters=[everywhere], opts=self._by)
        return tuple(sorted(found.names)[:ZONES])

    def offered(self, machine_types: Iterable[str]) -> Mapping[str, frozenset[str]]:
        """Machine type -> zones of the region that offer it; none for one that the region does not have."""
        wanted = sorted(set(machine_types))
        types = ec2.GetInstanceTypeOfferingsFilterArgs(name="instance-type", values=wanted)
        found = ec2.get_instance_type_offerings(location_type="availability-zone", filters=[types], opts=self._by)
        pairs = list(zip(found.instance_types, found.locations, strict=True))
        return {each: frozenset(zone for type_, zone in pairs if type_ == each) for each in wanted}

    def makes_autoscaling_role(self, stack: str) -> bool:
        """Whether the account lacks the role, or has it from this very stack: what is declared once and then no more is
        a change."""
        found = iam.get_roles(name_regex=f"^{AUTOSCALING_ROLE}$", path_prefix=AUTOSCALING_PATH, opts=self._by)
        if not found.names:
            return True
        return iam.get_role(name=AUTOSCALING_ROLE, opts=self._by).tags.get(STACK) == stack

    def makes_issuers(self, stack: str, issuers: Iterable[str]) -> frozenset[str]:
        """Issuers of tokens that the account does not know, or knows by this very stack."""
        return frozenset(issuer for issuer in issuers if self._makes_issuer(stack, issuer))

    def _makes_issuer(self, stack: str, issuer: str) -> bool:
        try:
            found = iam.get_open_id_connect_provider(url=f"https://{ISSUERS[issuer].host}", opts=self._by)
        except Exception:  # noqa: BLE001  (pulumi raises a bare one for what is not there)
            return True
        return found.tags.get(STACK) == stack

    def vpc_cidr(self, existing: ExistingVpc) -> str:
        return ec2.get_vpc(id=existing.vpc_id, opts=self._by).cidr_block

    def zones_of(self, subnets: Iterable[str]) -> Mapping[str, str]:
        """Zone -> id of the subnet there; of several in a zone the first."""
        found = [(ec2.get_subnet(id=each, opts=self._by).availability_zone, each) for each in subnets]
        return dict(reversed(found))
