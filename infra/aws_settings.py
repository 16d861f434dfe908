"""AwsSettings: what a stack in an AWS account is told besides its models."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from llmctl.infra.settings_base import Settings, Whole

ACCOUNT = r"^[0-9]{12}$"
REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"
MACHINE_TYPE = r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$"
DOMAIN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$"
RESERVATION = r"^cr-[0-9a-f]{8,17}$"
TAG_VALUE = r"^[A-Za-z0-9 _.:/=+@-]{1,128}$"


class Nat(StrEnum):
    """How private subnets reach the internet."""

    NONE = "none"
    ONE = "one"
    PER_ZONE = "per-zone"


class ExistingVpc(Settings):
    """A VPC that others look after; llmctl adds nothing to it but security groups."""

    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]
    private_subnets: Annotated[tuple[str, ...], Field(min_length=2)]
    """Ids, in at least two zones."""

    public_subnets: tuple[str, ...] = ()
    """Ids for a public load balancer. Unset: none can be had."""


class NetworkSettings(Settings):
    """The stack's own VPC, or one that is there."""

    cidr: str = "10.64.0.0/16"
    """Of the VPC, /16 to /22."""

    zones: tuple[str, ...] = ()
    """Names of 2 to 6 availability zones. Unset: the first three of the region that the account may use."""

    nat: Nat = Nat.ONE
    """none: nothing in the stack reaches the internet, and every service is met through an endpoint."""

    endpoints: Literal["s3", "all"] = "s3"
    """VPC endpoints: s3 alone, which costs nothing, or all that the stack calls. With `nat: none` always all."""

    flow_log_days: Annotated[int, Field(ge=1, le=3653), Whole] = 90
    """Days that flow logs are kept."""

    existing: ExistingVpc | None = None
    """A VPC to be used as it is; everything else here but flowLogDays then says nothing."""


class AttachedCluster(Settings):
    """An EKS cluster that is there already, in which this stack has its own namespace, bucket and roles."""

    name: str | None = None
    """Of the cluster in the account and region."""

    stack: str | None = None
    """Another llmctl stack that made it."""

    @model_validator(mode="after")
    def _one_of_both(self) -> AttachedCluster:
        if (self.name is None) == (self.stack is None):
            raise PydanticCustomError("attach", "attach needs either name or stack")
        return self


class EksSettings(Settings):
    """The stack's own EKS cluster, or one that is there."""

    version: Annotated[str, Field(pattern=r"^1\.[0-9]{2}$")] = "1.34"
    """Of Kubernetes."""

    public_cidrs: tuple[str, ...] = ()
    """Networks that may reach the API server from the internet. Unset: it has a private endpoint only."""

    log_days: Annotated[int, Field(ge=1, le=3653), Whole] = 90
    """Days that the control plane's logs are kept."""

    admins: tuple[str, ...] = ()
    """ARNs of roles that may administer the cluster, besides the one that makes it."""

    addon_versions: dict[str, str] = Field(default_factory=dict)
    """By EKS add-on, such as vpc-cni: v1.22.4-eksbuild.3. Unset: what AWS has as default for the version above, so that
    a newer build shows up in a plan as a change."""

    attach: AttachedCluster | None = None


class CapacityKind(StrEnum):
    ON_DEMAND = "on-demand"
    SPOT = "spot"
    RESERVATION = "reservation"
    """On-demand machines that are paid for whether they run or not."""

    CAPACITY_BLOCK = "capacity-block"
    """Machines for machine learning, booked for a span of days."""


RESERVED = frozenset({CapacityKind.RESERVATION, CapacityKind.CAPACITY_BLOCK})


class Capacity(Settings):
    """One way to get a node; a list of them is an order of preference."""

    machine_type: Annotated[str, Field(pattern=MACHINE_TYPE)]
    """Such as g6.2xlarge."""

    kind: CapacityKind = CapacityKind.ON_DEMAND
    reservation: Annotated[str | None, Field(pattern=RESERVATION)] = None
    """Id of a capacity reservation or block, for those two kinds."""

    zones: tuple[str, ...] = ()
    """Names of zones; of what is reserved, the one it is in. Unset: all of the stack's that offer the type."""

    @model_validator(mode="after")
    def _reserved_in_one_zone(self) -> Capacity:
        if (self.kind in RESERVED) != (self.reservation is not None):
            raise PydanticCustomError("capacity", "reservation goes with kind reservation or capacity-block")
        if self.kind in RESERVED and len(self.zones) != 1:
            raise PydanticCustomError("capacity", "what is reserved lies in one zone; name it in zones")
        return self


class NodePoolSettings(Settings):
    """Nodes with the same accelerators. The autoscaler asks for the first of `capacity` that can be had."""

    capacity: Annotated[tuple[Capacity, ...], Field(min_length=1)]
    max_nodes: Annotated[int, Field(ge=1, le=450), Whole] = 4
    """Of each capacity. There are none until a replica needs one."""

    volume_gib: Annotated[int | None, Field(ge=20, le=16_384), Whole] = None
    """Of a node's disk. Unset: by the size of images and weights."""


class LoadBalancerSettings(Settings):
    """The endpoint's own address. Without this there is none, and `llmctl connect` leads to it."""

    domain: Annotated[str, Field(pattern=DOMAIN)]
    """The endpoint's name, such as llm.example.com."""

    public: bool = False
    """Reachable from the internet, behind a WAF. Off: from the VPC only."""

    hosted_zone: Annotated[str | None, Field(pattern=r"^Z[A-Z0-9]{1,31}$")] = None
    """Id of the Route 53 zone in which the name and the certificate's proof are written."""

    certificate: str | None = None
    """ARN of an ACM certificate for the domain. Unset: one is made, which needs hostedZone."""

    requests_per_five_minutes: Annotated[int, Field(ge=100, le=2_000_000_000), Whole] = 2000
    """Of one address; above it a public load balancer's WAF refuses."""


class PipelineSettings(Settings):
    """A role that a pipeline may take by its OIDC token, and no key."""

    issuer: Literal["github", "gitlab"]
    subject: Annotated[str, Field(min_length=1, pattern=r"^[^*?]+$")]
    """The token's exact `sub`, such as repo:owner/name:environment:prod, or, at GitLab,
    project_path:group/name:ref_type:branch:ref:main."""


class AwsSettings(Settings):
    """The account, and what the stack makes in it."""

    region: Annotated[str, Field(pattern=REGION)]
    account: Annotated[str, Field(pattern=ACCOUNT)]
    """Twelve digits, quoted. Another account's credentials are refused."""

    profile: str | None = None
    """Of the AWS configuration files. Unset: what AWS_PROFILE or the environment says."""

    owner: Annotated[str, Field(pattern=TAG_VALUE)]
    """Who answers for the stack; every resource is tagged with it."""

    environment: Annotated[str, Field(pattern=TAG_VALUE)] = "dev"
    data_class: Literal["public", "internal", "confidential", "restricted"] = "internal"
    """Of the prompts that the models will see."""

    network: NetworkSettings = NetworkSettings()
    eks: EksSettings = EksSettings()
    node_pools: dict[str, NodePoolSettings] = Field(default_factory=dict)
    """By the accelerators of their nodes, such as l4:1. Unset for what a model needs: the cheapest machine types that
    fit."""

    load_balancer: LoadBalancerSettings | None = None
    pipelines: tuple[PipelineSettings, ...] = ()
    protect: bool = False
    """Keep buckets and keys from being deleted, by Pulumi and by AWS. Take it away in a step of its own before
    `down`."""

    tags: dict[str, Annotated[str, Field(pattern=TAG_VALUE)]] = Field(default_factory=dict)
    """On everything that can be tagged, besides those of llmctl."""
