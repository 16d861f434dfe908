"""What EKS refuses of who may enter a cluster, and of the roles that its pods take."""

from __future__ import annotations

from llmctl.infra.rehearsal.aws.refusals.cluster import ADDON, API, GUIDE, cluster_of
from llmctl.infra.rehearsal.aws.refusals.keys import ROLE
from llmctl.infra.rehearsal.aws.refusals.neighbours import in_region, mapped, referred
from llmctl.infra.rehearsal.aws.refusals.policy import admits, read
from llmctl.infra.rehearsal.aws.refusals.rule import refuses
from llmctl.infra.rehearsal.aws.refusals.ways_out import endpoint_services, reaches_internet, subnets_of_cluster
from llmctl.infra.rehearsal.cloud.request import Request, World

POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
ACCESS_POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"

AGENT = "eks-pod-identity-agent"
PODS_PRINCIPAL = "pods.eks.amazonaws.com"
AGENT_PAGE = f"{GUIDE}/pod-id-agent-setup.html"


@refuses(
    POD_IDENTITY, ACCESS_ENTRY, code="ResourceNotFoundException", documentation=f"{API}/API_CreateAccessEntry.html"
)
def no_such_cluster(request: Request, world: World) -> str | None:
    name = request.inputs.get("clusterName")
    return None if cluster_of(request, world) else f"No cluster found for name: {name}."


@refuses(POD_IDENTITY, code="ResourceInUseException", documentation=f"{API}/API_CreatePodIdentityAssociation.html")
def second_role_of_account(request: Request, world: World) -> str | None:
    keys = ("clusterName", "namespace", "serviceAccount")
    for one in in_region(request, world, POD_IDENTITY):
        if all(one.outputs.get(key) == request.inputs.get(key) for key in keys):
            account = f"{request.inputs.get('namespace')}/{request.inputs.get('serviceAccount')}"
            return f"Association already exists: {one.id} for the service account {account}."
    return None


@refuses(POD_IDENTITY, code="InvalidParameterException", documentation=f"{GUIDE}/pod-id-role.html")
def role_that_pods_may_not_take(request: Request, world: World) -> str | None:
    arn = request.inputs.get("roleArn")
    role = referred(request, world, ROLE, arn)
    trust = read(role.outputs.get("assumeRolePolicy")) if role else None
    actions = ("sts:AssumeRole", "sts:TagSession")
    if trust is None or all(admits(trust, PODS_PRINCIPAL, action, kind="Service") for action in actions):
        return None
    return f"Trust policy of role {arn} must allow {PODS_PRINCIPAL} {' and '.join(actions)}."


@refuses(POD_IDENTITY, code="InvalidRequestException", documentation=AGENT_PAGE, later=True)
def pod_identity_without_agent(request: Request, world: World) -> str | None:
    """EKS takes the association; the pods get no credentials."""
    name = request.inputs.get("clusterName")
    ours = (one for one in in_region(request, world, ADDON) if one.outputs.get("clusterName") == name)
    if cluster_of(request, world) is None or any(one.outputs.get("addonName") == AGENT for one in ours):
        return None
    return f"Cluster {name} has no {AGENT}: no pod would get the role's credentials."


@refuses(POD_IDENTITY, code="InvalidRequestException", documentation=AGENT_PAGE, later=True)
def pod_identity_without_eks_auth(request: Request, world: World) -> str | None:
    """The same where the nodes have no internet and the VPC no endpoint of the EKS Auth API."""
    subnets = subnets_of_cluster(request, world, request.inputs.get("clusterName"))
    for subnet in subnets:
        vpc = subnet.outputs.get("vpcId")
        if not reaches_internet(request, world, subnet) and "eks-auth" not in endpoint_services(request, world, vpc):
            return (
                f"{subnet.id} has no way to the internet, and {vpc} no endpoint of "
                f"com.amazonaws.{request.region}.eks-auth: no pod would get the role's credentials."
            )
    return None


@refuses(ACCESS_ENTRY, code="ResourceInUseException", documentation=f"{API}/API_CreateAccessEntry.html")
def access_entry_exists(request: Request, world: World) -> str | None:
    keys = ("clusterName", "principalArn")
    for one in in_region(request, world, ACCESS_ENTRY):
        if all(one.outputs.get(key) == request.inputs.get(key) for key in keys):
            return f"The specified access entry resource is already in use on this cluster ({one.id})."
    return None


@refuses(ACCESS_ENTRY, code="InvalidRequestException", documentation=f"{GUIDE}/setting-up-access-entries.html")
def access_entry_by_config_map(request: Request, world: World) -> str | None:
    cluster = cluster_of(request, world)
    mode = mapped(cluster.outputs, "accessConfig").get("authenticationMode", "CONFIG_MAP") if cluster else "API"
    if mode != "CONFIG_MAP":
        return None
    return "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] for this."


@refuses(ACCESS_ENTRY, code="InvalidParameterException", documentation=f"{API}/API_CreateAccessEntry.html")
def groups_of_nodes(request: Request, _: World) -> str | None:
    kind = request.inputs.get("type", "STANDARD")
    if kind == "STANDARD" or not request.inputs.get("kubernetesGroups"):
        return None
    return f"An access entry of type {kind} can have no kubernetesGroups."


@refuses(ACCESS_POLICY, code="ResourceNotFoundException", documentation=f"{API}/API_AssociateAccessPolicy.html")
def policy_without_entry(request: Request, world: World) -> str | None:
    keys = ("clusterName", "principalArn")
    for one in in_region(request, world, ACCESS_ENTRY):
        if all(one.outputs.get(key) == request.inputs.get(key) for key in keys):
            return None
    return f"The specified principalArn could not be found: {request.inputs.get('principalArn')} has no access entry."


RULES = (
    no_such_cluster,
    second_role_of_account,
    role_that_pods_may_not_take,
    pod_identity_without_agent,
    pod_identity_without_eks_auth,
    access_entry_exists,
    access_entry_by_config_map,
    groups_of_nodes,
    policy_without_entry,
)
