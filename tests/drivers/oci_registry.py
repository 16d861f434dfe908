"""A real OCI registry: the distribution project's, built from its Go module the first time it is wanted."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import drivers
import httpx
import yaml
from drivers.eventually import PATIENCE_S, eventually
from drivers.go_program import go_program
from drivers.oci_images import TestImage
from drivers.ports import free_port

MODULE = Path(*drivers.__path__) / "oci_registry_module"
PACKAGE = "github.com/distribution/distribution/v3/cmd/registry"

USER, PASSWORD = "pusher", "assembled-for-tests"
HTPASSWD = f"{USER}:$2b$04$fFRchWKknMNL/4XFeAa4t.m.RAtnl5SVufytySg8RcdsKT88opF3e\n"
"""bcrypt of PASSWORD; Python's standard library cannot make one."""


def registry_program() -> Path:
    """The registry's binary; building it takes two to three minutes on two cores, once."""
    return go_program(MODULE, PACKAGE, name="registry")


@dataclass
class OciRegistry:
    host: str
    log_file: Path
    client: httpx.Client
    """Of whoever sets the scene, and is let in."""

    def holds(self, repository: str, tag: str, image: TestImage) -> None:
        """Push an image as another client would."""
        for digest, blob in image.blobs.items():
            begun = self._request("POST", f"/v2/{repository}/blobs/uploads/", 202)
            self._request("PUT", f"{begun.headers['Location']}&digest={digest}", 201, content=blob)
        for manifest in image.manifests:
            version = tag if manifest is image.top else manifest.digest
            kind = {"Content-Type": manifest.media_type}
            self._request("PUT", f"/v2/{repository}/manifests/{version}", 201, content=manifest.body, headers=kind)

    def has(self, repository: str, image: TestImage) -> bool:
        """Whether every manifest and every layer of the image is there, byte for byte."""
        parts = {f"blobs/{digest}": blob for digest, blob in image.blobs.items()}
        parts |= {f"manifests/{manifest.digest}": manifest.body for manifest in image.manifests}
        found = {part: self._get(f"/v2/{repository}/{part}", image) for part in parts}
        return found == parts

    def tags(self, repository: str) -> list[str]:
        answer = self.client.get(f"/v2/{repository}/tags/list")
        tags: list[str] = answer.json().get("tags") or []
        return tags

    def uploads(self) -> int:
        """How many layers were begun, by the registry's own log."""
        return self.log_file.read_text(errors="replace").count("http.request.method=POST")

    def _get(self, path: str, image: TestImage) -> bytes | None:
        accept = {"Accept": ", ".join(manifest.media_type for manifest in image.manifests)}
        answer = self.client.get(path, headers=accept)
        return answer.content if answer.status_code == 200 else None

    def _request(self, method: str, place: str, status: int, **more: Any) -> httpx.Response:
        answer = self.client.request(method, place, **more)
        assert answer.status_code == status, f"{method} {place}: {answer.status_code} {answer.text}"
        return answer


@contextmanager
def oci_registry(
    directory: Path, *, htpasswd: bool = False, token: Mapping[str, str] | None = None, **settings: Any
) -> Iterator[OciRegistry]:
    """A running registry with its storage in `directory`; `htpasswd` lets only USER in, `token` is for auth.token."""
    port = free_port()
    (directory / "storage").mkdir(parents=True)
    configuration = _configuration(directory, port, htpasswd, token) | settings
    file, log = directory / "registry.yaml", directory / "registry.log"
    file.write_text(yaml.safe_dump(configuration))
    with log.open("wb") as out:
        process = subprocess.Popen(
            [registry_program(), "serve", str(file)], stdout=out, stderr=out, env={"OTEL_TRACES_EXPORTER": "none"}
        )
    login = (USER, PASSWORD) if htpasswd else None
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=login, trust_env=False, timeout=PATIENCE_S)
    try:
        eventually(lambda: process.poll() is not None or _answers(client), "the registry answers")
        assert process.poll() is None, f"the registry ended: {log.read_text()}"
        yield OciRegistry(f"127.0.0.1:{port}", log, client)
    finally:
        client.close()
        process.terminate()
        process.wait()


def _configuration(directory: Path, port: int, htpasswd: bool, token: Mapping[str, str] | None) -> dict[str, Any]:
    content: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(directory / "storage")}, "delete": {"enabled": True}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    if htpasswd:
        (directory / "htpasswd").write_text(HTPASSWD)
        content["auth"] = {"htpasswd": {"realm": "tests", "path": str(directory / "htpasswd")}}
    if token:
        content["auth"] = {"token": dict(token)}
    return content


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/v2/").status_code in (200, 401)
    except httpx.ConnectError:
        return False


def docker_login(directory: Path, host: str, *, user: str = USER, password: str = PASSWORD) -> dict[str, str]:
    """What `docker login` leaves behind, and the environment that points to it."""
    directory.mkdir(parents=True, exist_ok=True)
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    (directory / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return {"DOCKER_CONFIG": str(directory)}
