"""The default class of volumes, for claims that users make in their namespaces: encrypted with the stack's key."""

from __future__ import annotations

from typing import Any

from llmctl.infra.aws.system.parts import Manifest

NAME = "llmctl-gp3"


def storage_class(*, key_arn: Any) -> Manifest:
    """A volume goes with its claim, and is made where its pod is (parameters: docs/parameters.md of
    kubernetes-sigs/aws-ebs-csi-driver)."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": NAME, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": key_arn},
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
