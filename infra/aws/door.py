"""The way to an EKS cluster: its address from the account, tokens from the credentials, and no kubeconfig."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from llmctl.infra.aws.account import Account
from llmctl.infra.aws.api import Api
from llmctl.infra.aws.guard import aws_of
from llmctl.infra.aws.kube_token import Tokens
from llmctl.infra.aws.kubeconfig import Endpoint
from llmctl.infra.aws.names import Names
from llmctl.infra.aws.place import Place
from llmctl.infra.aws.session_tunnel import node_of, open_session_tunnel, reachable
from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.errors import ClusterUnreachable, NotInAccount
from llmctl.infra.kubernetes.account import Account as ClusterAccount
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def door(settings: StackSettings, context: StackContext) -> ClusterAccount:
    """Raises ClusterUnreachable where there is no cluster yet, AccountError's kinds."""
    aws = aws_of(settings)
    account = Account.open(aws)
    endpoint = near(account, find_endpoint(account, cluster_name(aws, context.stack), context.stack), aws.profile)
    return ClusterAccount.at(endpoint.cluster, endpoint.described(), Tokens(account, endpoint.cluster))


def near(api: Api, endpoint: Endpoint, profile: str | None) -> Endpoint:
    """The same API server by an address that this machine reaches: its own, or the end of a tunnel."""
    host = str(urlsplit(endpoint.address).hostname)
    if not endpoint.private or reachable(host):
        return endpoint
    port = open_session_tunnel(api, node_of(api, endpoint.cluster), host, profile=profile)
    return replace(endpoint, address=f"https://127.0.0.1:{port}", server_name=host)


def cluster_name(settings: AwsSettings, stack: str) -> str:
    """Of the stack's own cluster, of the one it is attached to, or of that of the stack it is attached to."""
    place = Place(account=settings.account, region=settings.region)
    attach = settings.eks.attach
    if attach is None:
        return Names(stack, place).cluster
    return attach.name or Names(str(attach.stack), place).cluster


def find_endpoint(api: Api, cluster: str, stack: str) -> Endpoint:
    """As EKS describes it."""
    try:
        found = api.ask("eks", "describe_cluster", name=cluster)["cluster"]
    except NotInAccount as error:
        raise ClusterUnreachable(
            f"There is no cluster {cluster} in {api.region}. Make it first: llmctl up {stack}"
        ) from error
    if not found.get("endpoint"):
        raise ClusterUnreachable(f"The cluster {cluster} is {found['status']} and has no address yet. Wait, and retry.")
    authority = found["certificateAuthority"]["data"]
    private = not found.get("resourcesVpcConfig", {}).get("endpointPublicAccess", False)
    return Endpoint(cluster=cluster, address=found["endpoint"], certificate_authority=authority, private=private)
