"""Who may take a role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from llmctl.infra.aws.place import Place
from llmctl.infra.aws.policies.document import Document, Statement, allow, document
from llmctl.infra.aws_settings import PipelineSettings


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Of OpenID Connect tokens that a pipeline gets for each of its jobs."""

    host: str
    audience: str
    """The token's `aud`."""


ISSUERS: Mapping[str, Issuer] = {
    # docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
    "github": Issuer(host="token.actions.githubusercontent.com", audience="sts.amazonaws.com"),
    # docs.gitlab.com/ci/cloud_services/aws/: a job asks for a token with this `aud`
    "gitlab": Issuer(host="gitlab.com", audience="https://gitlab.com"),
}


def service(name: str) -> Document:
    """A service of AWS that works in the account, such as ec2.amazonaws.com."""
    return document(allow("Service", ["sts:AssumeRole"], to={"Service": name}))


def pod(place: Place, cluster: str, namespace: str, service_account: str) -> Document:
    """Pods of one service account of this cluster, by EKS Pod Identity.

    docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html; the tags of a session:
    docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
    """
    where = {
        "aws:SourceAccount": place.account,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    return document(
        allow(
            "PodsOfTheServiceAccount",
            ["sts:AssumeRole", "sts:TagSession"],
            to={"Service": "pods.eks.amazonaws.com"},
            when={"StringEquals": where, "ArnEquals": {"aws:SourceArn": place.arn("eks", f"cluster/{cluster}")}},
        )
    )


def deployer(place: Place, admins: Iterable[str], pipelines: Iterable[PipelineSettings]) -> Document | None:
    """People, by the roles that they have already, and pipelines. None: there are neither.

    admins: ARNs of roles.
    """
    people = sorted(admins)
    statements = [allow("Admins", ["sts:AssumeRole"], to={"AWS": people})] if people else []
    statements += [_pipeline(place, number, each) for number, each in enumerate(pipelines, start=1)]
    return document(*statements) if statements else None


def provider_arn(place: Place, issuer: str) -> str:
    return place.arn("iam", f"oidc-provider/{ISSUERS[issuer].host}", region="")


def _pipeline(place: Place, number: int, pipeline: PipelineSettings) -> Statement:
    """`sub` and `aud` are both exact: a `sub` alone would do for a token that was meant for somebody else."""
    issuer = ISSUERS[pipeline.issuer]
    claims = {f"{issuer.host}:aud": issuer.audience, f"{issuer.host}:sub": pipeline.subject}
    return allow(
        f"Pipeline{number}",
        ["sts:AssumeRoleWithWebIdentity"],
        to={"Federated": provider_arn(place, pipeline.issuer)},
        when={"StringEquals": claims},
    )
