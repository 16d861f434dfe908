"""The only door to a cluster's API: one context of a kubeconfig, plain objects in and out, time-outs on every call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from llmctl.infra.errors import ObjectNotFound, SettingsError
from llmctl.infra.kubernetes.api_errors import ANSWER_SECONDS, CONNECT_SECONDS, of_answer, translated
from llmctl.infra.kubernetes.capacity import FreeGpus, free_gpus
from llmctl.serving.manifests.spec import Features, Manifest

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from urllib3.response import BaseHTTPResponse

PAGE = 500
"""Objects of one answer to a list; what kubectl asks for (its --chunk-size)."""

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
FIELD_MANAGER = "llmctl"

OCCUPYING = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"
"""Field selector of the pods that hold something of a node."""


@dataclass(frozen=True)
class Account:
    """Every method raises ClusterError's kinds: unreachable, slow, forbidden, not found, conflict."""

    context: str
    client: ApiClient = field(repr=False)

    @classmethod
    def open(cls, kubeconfig: str | None, context: str) -> Account:
        """By a kubeconfig file (None: KUBECONFIG or ~/.kube/config). Nothing is asked of the cluster yet.

        Raises SettingsError when the file or the context is not there or cannot be used.
        """
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException, load_kube_config
        from urllib3 import Retry
        from yaml import YAMLError

        configuration = Configuration()
        configuration.retries = Retry(connect=0, read=0, redirect=0, status=0, other=0)
        try:
            load_kube_config(kubeconfig, context, configuration, persist_config=False)
        except (ConfigException, YAMLError, OSError):
            raise _unusable(kubeconfig, context) from None
        return cls(context, ApiClient(configuration))

    @classmethod
    def at(cls, name: str, cluster: Mapping[str, str], token: Callable[[], str]) -> Account:
        """By a cluster as a kubeconfig describes it (server, certificate-authority-data, tls-server-name).

        token: a bearer token that is good now; asked for at each request.
        """
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import load_kube_config_from_dict
        from urllib3 import Retry

        def renew(configuration: Configuration) -> None:
            configuration.api_key["authorization"] = f"Bearer {token()}"

        configuration = Configuration()
        configuration.retries = Retry(connect=0, read=0, redirect=0, status=0, other=0)
        load_kube_config_from_dict(_kubeconfig(name, cluster), name, configuration)
        configuration.api_key["authorization"] = ""  # without one, the hook is not asked
        configuration.refresh_api_key_hook = renew  # type: ignore[assignment]
        return cls(name, ApiClient(configuration))

    def cluster_uid(self) -> str:
        """What a cluster is told by, whatever its contexts are called: the uid of its namespace kube-system."""
        return str(self.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])

    def server_version(self) -> str:
        """Such as v1.34.4."""
        return str(self.get("/version")["gitVersion"])

    def features(self) -> Features:
        """Which of the API groups are served that stacks make use of where they are there."""
        groups = {group["name"] for group in self.get("/apis")["groups"]}
        return Features(
            keda="keda.sh" in groups,
            external_metrics="external.metrics.k8s.io" in groups,
            prometheus_operator="monitoring.coreos.com" in groups,
        )

    def free_gpus(self, resource: str, selector: Mapping[str, str] | None = None) -> FreeGpus:
        """How many GPUs of `resource` (nvidia.com/gpu) are free on the nodes that have all labels of `selector`."""
        pods = self.list("/api/v1/pods", fieldSelector=OCCUPYING)
        return free_gpus(resource, selector or {}, self.list("/api/v1/nodes"), pods)

    def get(self, path: str, **query: str) -> Manifest:
        answer: Manifest = json.loads(self._request("GET", path, query))
        return answer

    def find(self, path: str) -> Manifest | None:
        """The object, or None where there is none."""
        try:
            return self.get(path)
        except ObjectNotFound:
            return None

    def list(self, path: str, **query: str) -> tuple[Manifest, ...]:
        """All objects of a collection, page by page; each with the apiVersion and kind that lists leave out."""
        found: list[Manifest] = []
        more: dict[str, str] = {}
        while True:
            page = self.get(path, limit=str(PAGE), **query, **more)
            about = {"apiVersion": page["apiVersion"], "kind": page["kind"].removesuffix("List")}
            found += [{**about, **item} for item in page["items"] or ()]
            if not (token := page["metadata"].get("continue")):
                return tuple(found)
            more = {"continue": token}

    def create(self, path: str, body: Manifest) -> Manifest:
        """POST to a collection. Raises ObjectConflict when it is there already."""
        answer: Manifest = json.loads(self._request("POST", path, {"fieldManager": FIELD_MANAGER}, body))
        return answer

    def patch(self, path: str, body: Manifest) -> Manifest:
        """JSON merge patch. With a resourceVersion in it, raises ObjectConflict when the object changed since."""
        answer: Manifest = json.loads(self._request("PATCH", path, {"fieldManager": FIELD_MANAGER}, body, MERGE))
        return answer

    def apply(self, path: str, body: Manifest, *, dry_run: bool = False) -> Manifest:
        """Server-side apply under the field manager llmctl."""
        query = {"fieldManager": FIELD_MANAGER, "force": "true"} | ({"dryRun": "All"} if dry_run else {})
        answer: Manifest = json.loads(self._request("PATCH", path, query, body, APPLY))
        return answer

    def delete(self, path: str) -> None:
        """Begin the deletion; the object's dependents go in the background. Gone already is as good."""
        try:
            self._request("DELETE", path, {"propagationPolicy": "Background"})
        except ObjectNotFound:
            return

    def text(self, path: str, **query: str) -> str:
        """What a path answers in plain text, such as a pod's log."""
        return self._request("GET", path, query).decode(errors="replace")

    def lines(self, path: str, **query: str) -> Iterator[str]:
        """A text as it comes, line by line without its end, until the other side ends it. Silence is no error here."""
        answer = self._send("GET", path, query, None, None, (CONNECT_SECONDS, None))
        try:
            with translated(self.context):
                yield from _lines(answer.stream(65_536))
        finally:
            answer.close()

    def _request(
        self, verb: str, path: str, query: Mapping[str, str], body: Manifest | None = None, content: str | None = None
    ) -> bytes:
        answer = self._send(verb, path, query, body, content, (CONNECT_SECONDS, ANSWER_SECONDS))
        with translated(self.context):
            data: bytes = answer.read(decode_content=True)
        return data

    def _send(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str],
        body: Manifest | None,
        content: str | None,
        timeout: tuple[float, float | None],
    ) -> BaseHTTPResponse:
        url = self.client.configuration.host + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": "application/json, */*", "User-Agent": FIELD_MANAGER, **self.credentials()}
        if body is not None:
            headers["Content-Type"] = content or "application/json"
        with translated(self.context):
            answer: BaseHTTPResponse = self.client.rest_client.pool_manager.request(
                verb,
                url,
                headers=headers,
                body=None if body is None else json.dumps(body).encode(),
                timeout=_timeout(timeout),
                preload_content=False,
            )
            if answer.status >= 400:
                raise of_answer(self.context, answer.status, answer.read(decode_content=True), f"{verb} {path}")
        return answer

    def credentials(self) -> dict[str, str]:
        """The header that says who asks; none with a client certificate. An exec plugin's token is renewed here."""
        settings = self.client.configuration.auth_settings()
        return {auth["key"]: auth["value"] for auth in settings.values() if auth["value"]}


def named(collection: str, name: str, part: str = "") -> str:
    """The path of one object of a collection, and of a part of it such as `log`."""
    return "/".join(filter(None, (collection, quote(name, safe=""), part)))


def of_namespace(namespace: str, plural: str, api: str = "/api/v1") -> str:
    """The path of a collection in a namespace."""
    return f"{api}/namespaces/{quote(namespace, safe='')}/{plural}"


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole)
    if rest:
        yield rest.decode(errors="replace")


def _timeout(seconds: tuple[float, float | None]) -> Any:
    from urllib3 import Timeout

    return Timeout(connect=seconds[0], read=seconds[1])


def _kubeconfig(name: str, cluster: Mapping[str, str]) -> dict[str, Any]:
    return {
        "clusters": [{"name": name, "cluster": dict(cluster)}],
        "users": [{"name": name, "user": {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }


def _unusable(kubeconfig: str | None, context: str) -> SettingsError:
    """The client's own words are not repeated: they quote whole entries of the file, tokens included."""
    from kubernetes.config import KUBE_CONFIG_DEFAULT_LOCATION

    where = kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION
    there = _contexts(where)
    if context in there:
        return SettingsError(
            f"{where}: context {context!r} is incomplete: its cluster, user or certificates are not there, or cannot "
            f"be read. See: kubectl config view --minify --context {context}"
        )
    if there:
        return SettingsError(f"{where} has no context {context!r}. Contexts there: {', '.join(there)}.")
    return SettingsError(
        f"No kubeconfig can be read at {where}. Write llmctl:cluster.kubeconfig, set KUBECONFIG, or make one "
        "with your cluster's own tool."
    )


def current_context() -> str:
    """Of KUBECONFIG or ~/.kube/config. Raises SettingsError where none is set."""
    from kubernetes.config import KUBE_CONFIG_DEFAULT_LOCATION, list_kube_config_contexts

    try:
        _, active = list_kube_config_contexts()
    except Exception:  # noqa: BLE001  (whatever is wrong with the file, it names no context)
        active = None
    if not active:
        raise SettingsError(f"{KUBE_CONFIG_DEFAULT_LOCATION} names no current context. Say which: --context NAME")
    return str(active["name"])


def _contexts(where: str) -> list[str]:
    """Read past the client's own listing, which wants the current context to be whole."""
    from kubernetes.config.kube_config import KubeConfigMerger

    try:
        contexts = KubeConfigMerger(where).config.value["contexts"]
    except Exception:  # noqa: BLE001  (whatever is wrong with the file, it has no contexts)
        return []
    return [str(context["name"]) for context in contexts]
