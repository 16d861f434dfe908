"""Which pods stand behind a target group: an object of the AWS Load Balancer Controller, and how it gets into a stack.

kubernetes-sigs.github.io/aws-load-balancer-controller, "TargetGroupBinding" and "Pod readiness gate".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from llmctl.serving.manifests.spec import Manifest

API_VERSION = "elbv2.k8s.aws/v1beta1"
KIND = "TargetGroupBinding"
GATES = {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"}
"""On a namespace: a pod there counts as ready only when the load balancer has found it healthy."""


def target_group_binding(service: Manifest, target_group_arn: Any, vpc_id: Any) -> Manifest:
    """Binds the pods of a Service with one port. The ARN and the VPC may be Outputs.

    Target type, address family and VPC are said, so that the controller's webhook need not ask AWS for them. Which
    security group lets the load balancer in is Pulumi's business (load_balancer.py), and the controller needs no
    right to change one.
    """
    (port,) = service["spec"]["ports"]
    metadata = service["metadata"]
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {key: metadata[key] for key in ("name", "namespace", "labels") if key in metadata},
        "spec": {
            "targetGroupARN": target_group_arn,
            "targetType": "ip",
            "ipAddressType": "ipv4",
            "vpcID": vpc_id,
            "serviceRef": {"name": metadata["name"], "port": port["port"]},
        },
    }


def bound(
    waves: Iterable[Sequence[Manifest]], service: str, target_group_arn: Any, vpc_id: Any
) -> tuple[tuple[Manifest, ...], ...]:
    """The waves of a stack with the binding in a wave of its own, after that of the Service and before its pods.

    A pod gets its gate when it is made, and only where the namespace says so and a binding is there already. When all
    goes, the binding goes after the pods; the controller, which takes them off the target group, must go after it.
    """
    made: list[tuple[Manifest, ...]] = []
    for wave in waves:
        made.append(tuple(_gated(manifest) for manifest in wave))
        made.extend(
            (target_group_binding(manifest, target_group_arn, vpc_id),)
            for manifest in wave
            if manifest["kind"] == "Service" and manifest["metadata"]["name"] == service
        )
    return tuple(made)


def _gated(manifest: Manifest) -> Manifest:
    if manifest["kind"] != "Namespace":
        return manifest
    metadata = manifest["metadata"]
    return {**manifest, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **GATES}}}
