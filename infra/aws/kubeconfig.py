"""A kubeconfig for an EKS cluster that holds no token: whoever uses it runs `llmctl kube-token`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmctl.infra.aws.kube_token import EXEC_API
from llmctl.infra.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a cluster's API server is."""

    cluster: str
    address: str
    certificate_authority: str
    """Base64 of PEM, as EKS gives it."""

    server_name: str | None = None
    """That its certificate is for, where it is reached by another."""

    private: bool = False
    """It has no public address."""

    def described(self) -> dict[str, str]:
        """As the cluster of a kubeconfig."""
        named = {"tls-server-name": self.server_name} if self.server_name else {}
        return {"server": self.address, "certificate-authority-data": self.certificate_authority, **named}


def kubeconfig(endpoint: Endpoint, *, region: str, profile: str | None, command: str) -> dict[str, Any]:
    """The context is named like the cluster. `command`: the absolute path of an llmctl."""
    name = endpoint.cluster
    arguments = ["kube-token", name, "--region", region, *(["--profile", profile] if profile else [])]
    plugin = {"apiVersion": EXEC_API, "interactiveMode": "Never", "command": command, "args": arguments}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": endpoint.described()}],
        "users": [{"name": name, "user": {"exec": plugin}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def this_llmctl(python: str = sys.executable) -> str:
    """The llmctl that belongs to this Python. Raises SettingsError where it has none."""
    program = Path(python).with_name("llmctl")
    if not program.exists():
        raise SettingsError(f"{program} is not there, and clusters are reached by it. Run: pip install llmctl-toolkit")
    return str(program)
