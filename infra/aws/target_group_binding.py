"""Which pods stand behind a target group: an object of the AWS Load Balancer Controller, and how it gets into a stack.

kubernetes-sigs.github.io/aws-load-balancer-controller, "TargetGroupBinding" and "Pod readiness gate".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from llmctl.infra.aws.system.load_balancer_controller import readiness_gate
from llmctl.serving.manifests.spec import Manifest

API_VERSION = "elbv2.k8s.aws/v1beta1"
KIND = "TargetGroupBinding"


def target_group_binding(service: Manifest, target_group_arn: Any, vpc_id: Any) -> Manifest:
    """Binds the pods of a Service with one port. The ARN and the VPC may be Outputs.

    Target type, address family and VPC are said, since no webhook of the controller fills them in. Which
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

    The Deployment of the Service's name gets the gate. When all goes, the binding goes after the pods; the controller,
    which takes them off the target group, must go after it.
    """
    made: list[tuple[Manifest, ...]] = []
    for wave in waves:
        made.append(tuple(_gated(manifest, service) for manifest in wave))
        made.extend(
            (target_group_binding(manifest, target_group_arn, vpc_id),)
            for manifest in wave
            if manifest["kind"] == "Service" and manifest["metadata"]["name"] == service
        )
    return tuple(made)


def _gated(manifest: Manifest, service: str) -> Manifest:
    """Written into the pods, where the controller's webhook would put it: that one is not registered, for while it is
    down no pod of the namespace starts."""
    if manifest["kind"] != "Deployment" or manifest["metadata"]["name"] != service:
        return manifest
    spec = manifest["spec"]
    template = spec["template"]
    pod = {**template["spec"], "readinessGates": [readiness_gate(service)]}
    return {**manifest, "spec": {**spec, "template": {**template, "spec": pod}}}
