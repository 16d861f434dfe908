"""What a node is told when it starts, besides what EKS tells it."""

from __future__ import annotations

import base64

import yaml

BOUNDARY = "llmctl"


def user_data(*, raid: bool) -> str | None:
    """Base64 for a launch template; None where EKS's own suffices.

    raid: the machine's NVMe disks become one RAID 0 under kubelet, containerd and the pods' logs
        (awslabs.github.io/amazon-eks-ami/nodeadm/doc/api, LocalStorageOptions).

    EKS merges it with its own, which names the cluster, and wants MIME for that
    (docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-user-data).
    """
    if not raid:
        return None
    config = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"instance": {"localStorage": {"strategy": "RAID0"}}},
    }
    return base64.b64encode(_mime(yaml.safe_dump(config, sort_keys=False)).encode()).decode()


def _mime(content: str) -> str:
    return (
        "MIME-Version: 1.0\n"
        f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"\n\n'
        f"--{BOUNDARY}\nContent-Type: application/node.eks.aws\n\n{content}\n--{BOUNDARY}--\n"
    )
