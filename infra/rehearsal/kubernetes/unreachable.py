"""What is said where there is no API server to ask. The words are the original's: programs look for them."""

from __future__ import annotations

SKIPPED = "Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping..."

DROPPED = (
    "configured Kubernetes cluster is unreachable and the `deleteUnreachable` option is enabled. "
    "Deleting the unreachable resource from Pulumi state"
)

_DELETE = 'rerunning the operation with the PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'

NOT_READ = (
    "failed to read resource state due to unreachable cluster. If the cluster was deleted, you can remove this "
    f"resource from Pulumi state by {_DELETE}"
)

NOT_DELETED = (
    "configured Kubernetes cluster is unreachable. If the cluster was deleted, you can remove this resource from "
    f"Pulumi state by {_DELETE}"
)


def cluster(reason: str) -> str:
    return f"configured Kubernetes cluster is unreachable: {reason}"
