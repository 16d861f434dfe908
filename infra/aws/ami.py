"""Which machine image nodes start from: Amazon's for EKS, of one release, for an architecture, with GPUs or none."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from llmctl.infra.errors import SettingsError

BUNDLED = Path(__file__).with_name("ami_releases.json")
"""As awslabs/amazon-eks-ami publishes them; the NVIDIA ones hold the driver and the container toolkit."""

ARM = re.compile(r"^[a-z]+\d+g[a-z-]*\.")
"""Graviton: a g right after the generation; docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html."""


def ami_type(machine_type: str, *, gpus: bool) -> str:
    """EKS's word; docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html, amiType."""
    architecture = "ARM_64" if ARM.match(machine_type) else "x86_64"
    return f"AL2023_{architecture}_{'NVIDIA' if gpus else 'STANDARD'}"


def release_version(kubernetes: str) -> str:
    """Raises SettingsError for a Kubernetes that no release is pinned for."""
    releases = _releases()
    if kubernetes not in releases:
        raise SettingsError(f"aws.eks.version: {kubernetes} has no node image pinned. Allowed: {', '.join(releases)}.")
    return str(releases[kubernetes])


@cache
def _releases() -> dict[str, Any]:
    releases: dict[str, Any] = json.loads(BUNDLED.read_text(encoding="utf-8"))["release_versions"]
    return releases
