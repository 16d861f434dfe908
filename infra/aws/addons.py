"""The EKS add-ons of a cluster: which, when, as whom, and with which configuration.

Their builds are counted up every few weeks, per region, and AWS publishes tables for three of the seven only, which lag
behind: so no version is written here. It is asked for (DescribeAddonVersions: the default of the cluster's Kubernetes)
where the stack file pins none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llmctl.infra.aws.pool_labels import GPU_RESOURCE, POOL, SYSTEM
from llmctl.infra.errors import SettingsError

Configuration = Mapping[str, Any]
ON_SYSTEM_NODES: Configuration = {"nodeSelector": {POOL: SYSTEM}}
"""Not on nodes that are there for a model, or that come and go with one."""


@dataclass(frozen=True, kw_only=True)
class Addon:
    name: str
    before_nodes: bool
    """DaemonSets are complete where there is no node; Deployments wait for one, and so does EKS for them."""

    service_account: str | None = None
    """In kube-system, which takes a role by EKS Pod Identity."""

    configuration: Configuration = field(default_factory=dict)

    @property
    def configuration_json(self) -> str | None:
        return json.dumps(self.configuration, sort_keys=True) if self.configuration else None


def addons(region: str, tags: Mapping[str, str]) -> tuple[Addon, ...]:
    """In the order in which they are needed. Keys are those of each add-on's schema (DescribeAddonConfiguration).

    tags: on what the add-ons themselves make; their roles let them make nothing without (policies/controllers.py).
    """
    gpu_nodes = {"key": GPU_RESOURCE, "operator": "Exists", "effect": "NoSchedule"}
    return (
        # NetworkPolicies are enforced. Prefix delegation stays off: nodes hold few pods here, and a prefix takes
        # sixteen addresses of a subnet at once.
        Addon(
            name="vpc-cni",
            before_nodes=True,
            service_account="aws-node",
            configuration={
                "enableNetworkPolicy": "true",
                "env": {"ADDITIONAL_ENI_TAGS": json.dumps(dict(tags), sort_keys=True)},
            },
        ),
        Addon(name="kube-proxy", before_nodes=True),
        Addon(name="eks-pod-identity-agent", before_nodes=True),
        # Its DCGM part, which sees what ails a GPU, tolerates no taint by itself.
        Addon(
            name="eks-node-monitoring-agent",
            before_nodes=True,
            configuration={"dcgmAgent": {"tolerations": [gpu_nodes]}},
        ),
        Addon(name="coredns", before_nodes=False, configuration=ON_SYSTEM_NODES),
        # Pods off the host's network do not reach the metadata service, with its hop limit of 1.
        Addon(
            name="aws-ebs-csi-driver",
            before_nodes=False,
            service_account="ebs-csi-controller-sa",
            configuration={
                "controller": {**ON_SYSTEM_NODES, "region": region, "extraVolumeTags": dict(tags)},
                "node": {"metadataSources": "kubernetes"},
            },
        ),
        Addon(name="metrics-server", before_nodes=False, configuration=ON_SYSTEM_NODES),
    )


def check_pins(pins: Mapping[str, str], known: tuple[Addon, ...]) -> None:
    """Raises SettingsError for a pinned add-on that is none of these."""
    names = [each.name for each in known]
    if strange := sorted(set(pins) - set(names)):
        raise SettingsError(
            f"aws.eks.addonVersions: {', '.join(strange)} is no add-on of the cluster. Allowed: {', '.join(names)}."
        )
