"""Which pods of a cluster get which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import eks

from llmctl.infra.aws.identity import PodRole

TYPE = "llmctl:aws:PodIdentities"


@dataclass(frozen=True, kw_only=True)
class PodIdentitiesArgs:
    cluster_name: pulumi.Input[str]
    """Of a cluster that is there, with the add-on eks-pod-identity-agent."""

    roles: Mapping[str, PodRole]
    after: Sequence[pulumi.Resource] = ()
    """The cluster's add-on eks-pod-identity-agent, without which an association gives nobody a role."""


class PodIdentities(pulumi.ComponentResource):
    """An association is read when a pod starts: `ready` holds them all, for what starts such pods to come after."""

    ready: list[pulumi.Resource]

    def __init__(self, name: str, args: PodIdentitiesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self.ready = [
            eks.PodIdentityAssociation(
                f"{name}-{workload}",
                cluster_name=args.cluster_name,
                namespace=role.namespace,
                service_account=role.service_account,
                role_arn=role.arn,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*args.after]),
            )
            for workload, role in args.roles.items()
        ]
        self.register_outputs({})
