"""A token that an EKS cluster takes: an address of STS, signed, which tells the cluster who asks."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

# github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster" in its README
PREFIX = "k8s-aws-v1."
CLUSTER_HEADER = "x-k8s-aws-id"
SIGNED_SECONDS = 60
"""What the authenticator expects to stand in the address; it takes it for fifteen minutes all the same."""

GOOD_FOR = timedelta(minutes=14)
"""A minute less than the authenticator takes a token for, so that none runs out under way."""

EXEC_API = "client.authentication.k8s.io/v1"


class Signer(Protocol):
    def signed_identity(self, headers: Mapping[str, str], seconds: int) -> str: ...


def kube_token(signer: Signer, cluster: str) -> str:
    """Raises AccountError's kinds where there are no credentials. Nothing is asked of AWS but those."""
    url = signer.signed_identity({CLUSTER_HEADER: cluster}, SIGNED_SECONDS)
    return PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def exec_credential(token: str, now: datetime) -> dict[str, Any]:
    """What an exec plugin answers: kubernetes.io/docs/reference/config-api/client-authentication.v1."""
    until = (now + GOOD_FOR).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"token": token, "expirationTimestamp": until}
    return {"apiVersion": EXEC_API, "kind": "ExecCredential", "spec": {"interactive": False}, "status": status}


@dataclass
class Tokens:
    """The same token until it runs out."""

    signer: Signer
    cluster: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _held: tuple[str, datetime] | None = None
    """And until when it is used."""

    def __call__(self) -> str:
        if self._held is None or self.clock() >= self._held[1]:
            self._held = kube_token(self.signer, self.cluster), self.clock() + GOOD_FOR
        return self._held[0]
