"""A Kubernetes control plane without nodes, on loopback: etcd, API server, controller manager. No root needed.

The binaries are those that KUBEBUILDER_ASSETS names, as with controller-runtime's envtest.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from drivers.eventually import eventually
from drivers.ports import free_port

ASSETS = "KUBEBUILDER_ASSETS"

NODE = "pretended"
BINDING = {"apiVersion": "v1", "kind": "Binding", "target": {"apiVersion": "v1", "kind": "Node", "name": NODE}}


class ControlPlane:
    """What is asked of it goes past the double, with httpx."""

    def __init__(self, root: Path) -> None:
        self._root, self._token = root, secrets.token_urlsafe(16)
        self._etcd, self._peer, self._port = free_port(), free_port(), free_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self._certificate = root / "certificates" / "apiserver.crt"
        """Signs itself; the API server makes it at its first start."""

        self._client = httpx.Client(
            base_url=self.url,
            headers={"authorization": f"Bearer {self._token}"},
            verify=False,  # noqa: S501  (it is on this machine and was started here)
            timeout=30,
        )
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def kubeconfig(self, *, context: str = "test", server: str | None = None) -> dict[str, Any]:
        authority = base64.b64encode(self._certificate.read_bytes()).decode()
        cluster = {"server": server or self.url, "certificate-authority-data": authority}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "admin", "user": {"token": self._token}}],
            "contexts": [{"name": context, "context": {"cluster": "test", "user": "admin"}}],
        }

    def start(self) -> None:
        tokens = self._root / "tokens.csv"
        tokens.write_text(f'{self._token},admin,admin,"system:masters"\n')
        key = self._root / "service-accounts.key"
        subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
        self._start_etcd()
        self._start_api_server(tokens, key)
        eventually(self._is_ready, "the API server's /readyz")
        self._start_controllers(key)
        eventually(lambda: self.get("/api/v1/namespaces/default/serviceaccounts/default"), "the controllers")

    def _start_etcd(self) -> None:
        client, peer = f"http://127.0.0.1:{self._etcd}", f"http://127.0.0.1:{self._peer}"
        self._run(
            "etcd",
            f"--data-dir={self._root / 'etcd'}",
            "--unsafe-no-fsync",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        )

    def _start_api_server(self, tokens: Path, key: Path) -> None:
        self._run(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            f"--cert-dir={self._root / 'certificates'}",
            f"--token-auth-file={tokens}",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--disable-admission-plugins=ServiceAccount",
        )

    def _start_controllers(self, key: Path) -> None:
        config = self._root / "controllers.yaml"
        config.write_text(yaml.safe_dump(self.kubeconfig()))
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={config}",
            f"--service-account-private-key-file={key}",
            "--leader-elect=false",
            "--controllers=*,-node-lifecycle-controller",  # no kubelet says that the pretended node is alive
            "--use-service-account-credentials=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}",
            f"--cert-dir={self._root / 'controller-certificates'}",
        )

    def stop(self) -> None:
        for process in reversed(self._processes.values()):
            process.kill()
            process.wait()
        self._client.close()

    def get(self, path: str) -> dict[str, Any] | None:
        """An object as it is, None where it is not there."""
        answer = self._client.get(path)
        return None if answer.status_code == 404 else _checked(answer)

    def object(self, namespace: str, plural: str, name: str) -> dict[str, Any] | None:
        """Of the core group, or of apps where it is a Deployment; None where there is none."""
        root = "/apis/apps/v1" if plural == "deployments" else "/api/v1"
        return self.get(f"{root}/namespaces/{namespace}/{plural}/{name}")

    def pods(self, namespace: str) -> list[dict[str, Any]]:
        found = self.get(f"/api/v1/namespaces/{namespace}/pods") or {"items": []}
        items: list[dict[str, Any]] = found["items"]
        return items

    def pods_become_ready(self, namespace: str) -> bool:
        """What scheduler and kubelet would say of all pods of a namespace. False where there are none yet."""
        steps = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
        conditions = [{"type": step, "status": "True"} for step in steps]
        if not self.get(f"/api/v1/nodes/{NODE}"):
            self.post("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})
        pods = self.pods(namespace)
        for pod in pods:
            path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}"
            if not pod["spec"].get("nodeName"):
                self.post(f"{path}/binding", BINDING | {"metadata": {"name": pod["metadata"]["name"]}})
            self.patch_status(path, phase="Running", podIP="10.244.0.9", conditions=conditions)
        return bool(pods)

    def patch(self, path: str, **merged: Any) -> dict[str, Any]:
        """What somebody does with kubectl; a JSON merge patch."""
        content, kind = json.dumps(merged), {"content-type": "application/merge-patch+json"}
        return _checked(
            self._client.patch(path, params={"fieldManager": "kubectl-edit"}, content=content, headers=kind)
        )

    def patch_status(self, path: str, **status: Any) -> dict[str, Any]:
        """What a controller or a kubelet says of an object."""
        content, kind = json.dumps({"status": status}), {"content-type": "application/merge-patch+json"}
        return _checked(self._client.patch(f"{path}/status", content=content, headers=kind))

    def post(self, path: str, manifest: dict[str, Any]) -> dict[str, Any]:
        return _checked(self._client.post(path, json=manifest))

    def delete(self, path: str) -> None:
        _checked(self._client.delete(path))

    def _is_ready(self) -> bool:
        for name, process in self._processes.items():
            assert process.poll() is None, f"{name} ended: {(self._root / f'{name}.log').read_text()[-2000:]}"
        try:
            return self._client.get("/readyz").text == "ok"
        except httpx.TransportError:
            return False

    def _run(self, name: str, *arguments: str) -> None:
        with (self._root / f"{name}.log").open("wb") as log:
            ends_with_the_test = ("setpriv", "--pdeathsig", "KILL")
            command = [*ends_with_the_test, str(Path(os.environ[ASSETS]) / name), *arguments]
            self._processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def _checked(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, f"{answer.request.method} {answer.request.url.path}: {answer.text}"
    decoded: dict[str, Any] = answer.json()
    return decoded


@contextmanager
def control_plane(root: Path) -> Iterator[ControlPlane]:
    with ExitStack() as stack:
        plane = ControlPlane(root)
        stack.callback(plane.stop)
        plane.start()
        yield plane
