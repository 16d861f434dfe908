"""The API server, as far as the double asks it: objects as plain dicts, faults in the server's own words."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from llmctl.infra.rehearsal.kubernetes.errors import ApiFault, NoSuchKind, Unreachable

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Manifest = dict[str, Any]

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 70.0
"""The API server itself gives up on a request after 60 s (its --request-timeout)."""

APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class Kind:
    plural: str
    namespaced: bool


class Api:
    """Raises ApiFault, NoSuchKind or Unreachable."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._kinds: dict[str, dict[str, Kind]] = {}
        self._lock = threading.Lock()

    def kind(self, api_version: str, kind: str) -> Kind:
        """Asks the server again for a kind that is not known yet: a definition may have come meanwhile."""
        with self._lock:
            known = self._kinds.get(api_version, {})
            if kind not in known:
                known = self._kinds[api_version] = self._discover(api_version)
        if kind not in known:
            raise NoSuchKind(api_version, kind)
        return known[kind]

    def knows(self, api_version: str, kind: str) -> bool:
        try:
            self.kind(api_version, kind)
        except NoSuchKind:
            return False
        return True

    def answers(self) -> None:
        """Raises Unreachable or ApiFault where it does not."""
        self._request("GET", "/version")

    def get(self, about: Manifest) -> Manifest:
        return self._request("GET", self._path(about))

    def list(self, api_version: str, kind: str, namespace: str) -> list[Manifest]:
        about = {"apiVersion": api_version, "kind": kind, "metadata": {"namespace": namespace}}
        found: list[Manifest] = self._request("GET", self._collection(about))["items"]
        return found

    def create(self, manifest: Manifest, manager: str, *, dry_run: bool) -> Manifest:
        query = {"fieldManager": manager, **_dry(dry_run)}
        return self._request("POST", self._collection(manifest), query, manifest)

    def apply(self, manifest: Manifest, manager: str, *, force: bool, dry_run: bool) -> Manifest:
        query = {"fieldManager": manager, "force": json.dumps(force), "fieldValidation": "Warn", **_dry(dry_run)}
        return self._request("PATCH", self._path(manifest), query, manifest, APPLY)

    def replace(self, manifest: Manifest, manager: str, *, dry_run: bool) -> Manifest:
        query = {"fieldManager": manager, **_dry(dry_run)}
        return self._request("PUT", self._path(manifest), query, manifest)

    def delete(self, about: Manifest, propagation: str) -> None:
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        self._request("DELETE", self._path(about), {}, options)

    def _discover(self, api_version: str) -> dict[str, Kind]:
        try:
            found = self._request("GET", _root(api_version))["resources"]
        except ApiFault as fault:
            if fault.code == 404:
                return {}
            raise
        return {each["kind"]: Kind(each["name"], each["namespaced"]) for each in found if "/" not in each["name"]}

    def _collection(self, about: Manifest) -> str:
        kind = self.kind(about["apiVersion"], about["kind"])
        namespace = about["metadata"].get("namespace") or "default"
        within = f"/namespaces/{quote(namespace, safe='')}" if kind.namespaced else ""
        return f"{_root(about['apiVersion'])}{within}/{kind.plural}"

    def _path(self, about: Manifest) -> str:
        return f"{self._collection(about)}/{quote(about['metadata']['name'], safe='')}"

    def _request(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        content: str = "application/json",
    ) -> Manifest:
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        configuration = self._client.configuration
        url = configuration.host + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json", "Content-Type": content, **self._credentials()}
        try:
            answer = self._client.rest_client.pool_manager.request(
                verb,
                url,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                timeout=Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
            )
        except (HTTPError, OSError) as error:
            raise Unreachable(f"{verb} {url}: {error}") from error
        if answer.status >= 400:
            raise ApiFault(_status(answer.status, answer.data))
        decoded: Manifest = json.loads(answer.data)
        return decoded

    def _credentials(self) -> dict[str, str]:
        """The header that says who asks; none with a client certificate."""
        settings = self._client.configuration.auth_settings()
        return {each["key"]: each["value"] for each in settings.values() if each["value"]}


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _status(code: int, body: bytes) -> Manifest:
    try:
        status: Manifest = json.loads(body)
    except ValueError:
        return {"code": code, "message": body.decode(errors="replace")[:200]}
    return {"code": code, **status}
