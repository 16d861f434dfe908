"""Images of the system's parts, as their makers publish them; a stack runs the copies in its own registry."""

from __future__ import annotations

from llmctl.infra.errors import SettingsError

AUTOSCALER_VERSIONS = {
    "1.32": "v1.32.7",
    "1.33": "v1.33.6",
    "1.34": "v1.34.5",
    "1.35": "v1.35.2",
    "1.36": "v1.36.1",
}
"""By the Kubernetes of the cluster, whose scheduler it simulates: the newest tags cluster-autoscaler-* in
kubernetes/autoscaler on 2026-08-22."""

LOAD_BALANCER_CONTROLLER = "public.ecr.aws/eks/aws-load-balancer-controller:v3.5.0"
"""helm/aws-load-balancer-controller/values.yaml of that tag, read on 2026-11-24."""

DEVICE_PLUGIN = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"
"""deployments/static/nvidia-device-plugin.yml of NVIDIA/k8s-device-plugin v0.20.0, read on 2026-11-24."""


def autoscaler(kubernetes: str) -> str:
    """Raises SettingsError for a Kubernetes that there is no release for."""
    if kubernetes not in AUTOSCALER_VERSIONS:
        raise SettingsError(
            f"aws.eks.version: llmctl knows no cluster autoscaler for {kubernetes}. "
            f"Allowed: {', '.join(AUTOSCALER_VERSIONS)}."
        )
    return f"registry.k8s.io/autoscaling/cluster-autoscaler:{AUTOSCALER_VERSIONS[kubernetes]}"


def system_images(kubernetes: str) -> tuple[str, ...]:
    """All that a stack with a cluster of its own copies into its registry."""
    return (autoscaler(kubernetes), LOAD_BALANCER_CONTROLLER, DEVICE_PLUGIN)
