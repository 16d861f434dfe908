"""A Kubernetes API that is asked and not told anything: the answers that a test gives it, by path; 404 for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from drivers.loopback import serving

Manifest = Mapping[str, Any]


@dataclass
class ClusterApi:
    uid: str = "one"
    nodes: Sequence[Manifest] = ()
    pods: Sequence[Manifest] = ()
    groups: Sequence[str] = ()
    objects: Mapping[str, Manifest] = field(default_factory=dict)
    """By path."""

    asked: list[str] = field(default_factory=list)
    """Verb and path of each request."""

    def answer(self, path: str) -> Manifest | None:
        known: dict[str, Manifest] = {
            "/api/v1/namespaces/kube-system": {"metadata": {"uid": self.uid}},
            "/api/v1/nodes": _list("Node", self.nodes),
            "/api/v1/pods": _list("Pod", self.pods),
            "/apis": {"groups": [{"name": name} for name in self.groups]},
        }
        return {**known, **self.objects}.get(path)

    @contextmanager
    def kubeconfig(self, directory: Path) -> Iterator[Path]:
        """A file whose context `lab` leads here, as long as the block."""

        def respond(request: BaseHTTPRequestHandler) -> None:
            path = urlsplit(request.path).path
            self.asked.append(f"{request.command} {path}")
            found = self.answer(path)
            body = json.dumps(found if found is not None else {"message": "not found"}).encode()
            request.send_response(200 if found is not None else 404)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

        with serving(respond) as address:
            yield _written(directory / "kubeconfig", address)


def _list(kind: str, items: Sequence[Manifest]) -> Manifest:
    return {"apiVersion": "v1", "kind": f"{kind}List", "metadata": {}, "items": list(items)}


def _written(file: Path, address: str) -> Path:
    content = {
        "contexts": [{"name": "lab", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": f"http://{address}"}}],
        "users": [{"name": "u", "user": {}}],
    }
    file.write_text(json.dumps(content))
    return file
