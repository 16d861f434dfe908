"""Who may do what: a role for the control plane, for nodes, for each workload in the cluster, and for deployers.

No role has a policy that AWS keeps: those say `*` where the API can say which resource, and change without a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import iam

from llmctl.infra.aws.eks_registry import eks_registry
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.policies import controllers, deployer, nodes, trust, weights
from llmctl.infra.aws.policies.document import Document, text
from llmctl.infra.aws.policies.keys import Purpose
from llmctl.infra.aws.policies.scope import Scope
from llmctl.infra.aws.system import parts
from llmctl.infra.aws_settings import PipelineSettings

TYPE = "llmctl:aws:Identity"
SYSTEM = "kube-system"
RELAY, PUSH = "weights", "weights-push"
AUTOSCALER, BALANCER = parts.AUTOSCALER, parts.LOAD_BALANCER_CONTROLLER
ADDONS: Mapping[str, str] = {"vpc-cni": "aws-node", "aws-ebs-csi-driver": "ebs-csi-controller-sa"}
"""Add-ons that call AWS, by the service account that they do it as; EKS associates their roles itself."""
CONTROL_PLANE, NODE, DEPLOYER = "control-plane", "node", "deployer"
FLOW_LOGS = "flow-logs"
"""The network's role, by which VPC flow logs reach their log group."""

ROLES = (CONTROL_PLANE, NODE, *ADDONS, RELAY, PUSH, AUTOSCALER, BALANCER, DEPLOYER, FLOW_LOGS)


LONGEST_POLICY_NAME = 128
"""docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html"""


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    names: Names
    cluster: str
    """Name of the cluster, of which nothing else needs to be there yet."""

    own_cluster: bool
    """False: the stack is attached to a cluster whose nodes and controllers have their roles."""

    namespace: str
    """Of the stack in the cluster."""

    vpc_id: pulumi.Input[str]
    keys: Mapping[Purpose, pulumi.Input[str]]
    repositories: tuple[str, ...]
    """Full names in ECR."""

    log_groups: tuple[str, ...]
    target_group_arn: pulumi.Input[str] | None = None
    """None: the endpoint has no load balancer."""

    hosted_zone: str | None = None
    admins: tuple[str, ...] = ()
    """ARNs of roles whose owners may deploy."""

    pipelines: tuple[PipelineSettings, ...] = ()
    make_issuers: frozenset[str] = frozenset()
    """Issuers of tokens (github, gitlab) that the account does not know, or knows by this stack: there can be one of
    each in an account."""


@dataclass(frozen=True, kw_only=True)
class PodRole:
    """A role and the pods that get it."""

    namespace: str
    service_account: str
    arn: pulumi.Output[str]


class Identity(pulumi.ComponentResource):
    """ARNs of roles, each known when its policies are there: nothing starts with less than it may do."""

    cluster_role: pulumi.Output[str] | None
    node_role: pulumi.Output[str] | None
    addon_roles: Mapping[str, pulumi.Output[str]]
    """By the add-on's name."""

    pod_roles: Mapping[str, PodRole]
    """Of workloads that are no add-ons; PodIdentities associates them."""

    deployer_role: pulumi.Output[str] | None

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(TYPE, name, {}, opts)
        self._name, self._args = name, args
        self.cluster_role = self.node_role = None
        self.addon_roles = {}
        if args.own_cluster:
            self._of_the_cluster()
        self.pod_roles = dict(self._of_pods())
        self.deployer_role = self._deployer()
        self.register_outputs({})

    def _of_the_cluster(self) -> None:
        place = self._args.names.place
        registry = eks_registry(place.region)
        control_plane = trust.service("eks.amazonaws.com")
        self.cluster_role = self._role(CONTROL_PLANE, control_plane, nodes.control_plane)
        node = trust.service(f"ec2.{place.dns_suffix}")
        self.node_role = self._role(NODE, node, lambda scope: nodes.node(scope, registry))
        policies = {"vpc-cni": controllers.vpc_cni, "aws-ebs-csi-driver": controllers.ebs_csi}
        self.addon_roles = {
            addon: self._role(addon, self._pods(SYSTEM, account), policies[addon]) for addon, account in ADDONS.items()
        }

    def _of_pods(self) -> Iterator[tuple[str, PodRole]]:
        namespace, target_group = self._args.namespace, self._args.target_group_arn
        yield self._pod_role(RELAY, namespace, weights.relay)
        yield self._pod_role(PUSH, namespace, weights.push)
        if self._args.own_cluster:
            yield self._pod_role(AUTOSCALER, parts.NAMESPACE, controllers.autoscaler)
        if self._args.own_cluster and target_group is not None:
            policy = pulumi.Output.from_input(target_group).apply(controllers.load_balancer_controller)
            yield self._pod_role(BALANCER, parts.NAMESPACE, policy)

    def _pod_role(self, account: str, namespace: str, policy: Policy) -> tuple[str, PodRole]:
        arn = self._role(account, self._pods(namespace, account), policy)
        return account, PodRole(namespace=namespace, service_account=account, arn=arn)

    def _pods(self, namespace: str, service_account: str) -> Document:
        return trust.pod(self._args.names.place, self._args.cluster, namespace, service_account)

    def _deployer(self) -> pulumi.Output[str] | None:
        """The providers of tokens are the account's, like the service-linked role: other stacks may use them."""
        args = self._args
        issuers = [
            iam.OpenIdConnectProvider(
                f"{self._name}-{issuer}",
                url=f"https://{trust.ISSUERS[issuer].host}",
                client_id_lists=[trust.ISSUERS[issuer].audience],
                opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
            )
            for issuer in sorted(args.make_issuers & {each.issuer for each in args.pipelines})
        ]
        trusted = trust.deployer(args.names.place, args.admins, args.pipelines)
        if trusted is None:
            return None
        return self._deployer_role(trusted, issuers)

    def _deployer_role(self, trusted: Document, issuers: Sequence[pulumi.Resource]) -> pulumi.Output[str]:
        args, name = self._args, f"{self._name}-{DEPLOYER}"
        role = self._bare_role(DEPLOYER, trusted, issuers)
        attached = []
        for part, policy in deployer.policies(args.hosted_zone, own_cluster=args.own_cluster).items():
            made = iam.Policy(
                f"{name}-{part}",
                name=args.names.of(deployer.policy_purpose(part), most=LONGEST_POLICY_NAME),
                policy=self._text(policy),
                opts=self._child(),
            )
            attached.append(
                iam.RolePolicyAttachment(f"{name}-has-{part}", role=role.name, policy_arn=made.arn, opts=self._child())
            )
        return _known_with(role, attached)

    def _role(self, purpose: str, trusted: Document, policy: Policy) -> pulumi.Output[str]:
        role = self._bare_role(purpose, trusted)
        inline = iam.RolePolicy(
            f"{self._name}-{purpose}-policy",
            name=purpose,
            role=role.name,
            policy=self._text(policy),
            opts=self._child(),
        )
        return _known_with(role, [inline])

    def _bare_role(self, purpose: str, trusted: Document, after: Sequence[pulumi.Resource] = ()) -> iam.Role:
        return iam.Role(
            f"{self._name}-{purpose}",
            name=self._args.names.of(purpose),
            assume_role_policy=text(trusted),
            opts=self._child(after),
        )

    def _text(self, policy: Policy) -> pulumi.Output[str]:
        return (policy if isinstance(policy, pulumi.Output) else self._scope().apply(policy)).apply(text)

    def _child(self, after: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[*after])

    def _scope(self) -> pulumi.Output[Scope]:
        args = self._args
        keys = {purpose.value: arn for purpose, arn in args.keys.items()}
        return pulumi.Output.all(vpc_id=args.vpc_id, keys=pulumi.Output.all(**keys)).apply(
            lambda known: Scope(
                names=args.names,
                cluster=args.cluster,
                vpc_id=known["vpc_id"],
                repositories=args.repositories,
                log_groups=args.log_groups,
                role_purposes=ROLES,
                keys=known["keys"],
            )
        )


def _known_with(role: iam.Role, policies: Sequence[pulumi.CustomResource]) -> pulumi.Output[str]:
    """The role's ARN, not before its policies are there."""
    return pulumi.Output.all(role.arn, *(policy.id for policy in policies)).apply(lambda known: str(known[0]))


Policy = Callable[[Scope], Document] | pulumi.Output[Document]
