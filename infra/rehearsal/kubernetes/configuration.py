"""The provider's settings, and the cluster that they mean."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from llmctl.infra.rehearsal.kubernetes.api import Api
from llmctl.infra.rehearsal.kubernetes.errors import DoubleError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

PREFIX = "kubernetes:config:"

VARIABLES = {
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
}
"""What counts where the program does not set it."""


@dataclass(frozen=True)
class Settings:
    """As the provider resource has them."""

    kubeconfig: str
    context: str
    namespace: str
    delete_unreachable: bool
    skip_update_unreachable: bool
    patch_force: bool
    upsert: bool
    config_map_mutable: bool
    secret_mutable: bool
    server_side_apply: bool


@dataclass(frozen=True)
class Cluster:
    settings: Settings
    namespace: str
    """Where objects go that name none."""

    api: Api | None
    unreachable: str = ""
    """Why there is no api; empty where there is one."""


def settings_of(variables: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> Settings:
    def text(name: str) -> str:
        return variables.get(PREFIX + name, "")

    def flag(name: str, default: bool = False) -> bool:
        said = variables.get(PREFIX + name) or environ.get(VARIABLES[name])
        return default if said is None else said == "true"

    return Settings(
        kubeconfig=text("kubeconfig"),
        context=text("context"),
        namespace=text("namespace"),
        delete_unreachable=flag("deleteUnreachable"),
        skip_update_unreachable=flag("skipUpdateUnreachable"),
        patch_force=flag("enablePatchForce"),
        upsert=flag("upsertExistingObjects"),
        config_map_mutable=flag("enableConfigMapMutable"),
        secret_mutable=flag("enableSecretMutable"),
        server_side_apply=flag("enableServerSideApply", default=True),
    )


def connect(settings: Settings) -> Cluster:
    """The cluster, asked once. One that cannot be used is not an error yet: it is one for what needs it."""
    try:
        config, path = parsed(settings.kubeconfig)
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        return Cluster(settings, settings.namespace, None, _unparsed(error))
    namespace = settings.namespace or namespace_of(config, settings.context)
    try:
        api = Api(_client(config, path, settings.context))
    except Exception as error:  # noqa: BLE001  (the client raises what it likes for a file that is incomplete)
        return Cluster(settings, namespace, None, _unloaded(error))
    try:
        api.answers()
    except DoubleError as error:
        return Cluster(settings, namespace, None, f"unable to load schema information from the API server: {error}")
    return Cluster(settings, namespace, api)


def parsed(kubeconfig: str) -> tuple[dict[str, Any], str | None]:
    """The kubeconfig, and its file where it is one. An empty one means KUBECONFIG or ~/.kube/config."""
    given = kubeconfig or os.environ.get("KUBECONFIG") or "~/.kube/config"
    if "\n" in given or "{" in given:
        return _mapping(given), None
    files = [Path(each).expanduser() for each in given.split(os.pathsep)]
    found = [file for file in files if file.exists()]
    if not found:
        raise ValueError("it is neither a file nor a kubeconfig")
    configs = [_mapping(file.read_text(encoding="utf-8")) for file in found]
    return _merged(configs), os.pathsep.join(map(str, found))


def _mapping(text: str) -> dict[str, Any]:
    config = yaml.safe_load(text)
    if not isinstance(config, dict):
        raise TypeError("it is no kubeconfig")
    return config


def _merged(configs: list[dict[str, Any]]) -> dict[str, Any]:
    """As kubectl does it: who says something first counts."""
    lists = {kind: [each for config in configs for each in config.get(kind) or ()] for kind in LISTS}
    current = next((config["current-context"] for config in configs if config.get("current-context")), "")
    return {**lists, "current-context": current}


def named(config: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """The context or cluster of that name; empty where there is none."""
    found = (each.get(kind) or {} for each in config.get(f"{kind}s") or () if each["name"] == name)
    return next(found, {})


LISTS = ("contexts", "clusters", "users")


def namespace_of(config: dict[str, Any], context: str) -> str:
    return named(config, "context", context or config.get("current-context", "")).get("namespace") or "default"


def active_cluster(config: dict[str, Any], context: str) -> dict[str, Any]:
    """What a kubeconfig says about the cluster of a context: the only identity that a cluster has here."""
    return named(
        config, "cluster", named(config, "context", context or config.get("current-context", "")).get("cluster", "")
    )


def _client(config: dict[str, Any], path: str | None, context: str) -> ApiClient:
    from kubernetes.client import ApiClient, Configuration
    from kubernetes.config import load_kube_config, load_kube_config_from_dict
    from urllib3 import Retry

    configuration = Configuration()
    configuration.retries = Retry(connect=1, read=0, redirect=0, status=0, other=0)
    if path:
        load_kube_config(path, context or None, configuration, persist_config=False)
    else:
        load_kube_config_from_dict(config, context or None, configuration, persist_config=False)
    return ApiClient(configuration)


def _unparsed(error: Exception) -> str:
    # Not the text of the error: it quotes the file, tokens included.
    return f"failed to parse kubeconfig data in `{PREFIX}kubeconfig`- {type(error).__name__}"


def _unloaded(error: Exception) -> str:
    return (
        "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have set up the provider "
        f"as its documentation says: {type(error).__name__}: no such context, or an incomplete one"
    )


def difference(olds: dict[str, Any], news: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Changed settings, and those of them with which every object belongs to another cluster."""
    changed = sorted(name for name in olds.keys() | news.keys() if olds.get(name) != news.get(name))
    was, wanted = olds.get(IDENTIFIER), news.get(IDENTIFIER)
    if wanted and wanted == was:
        return changed, []
    replaces = [IDENTIFIER] if was and wanted else []
    before, after = _cluster_of(olds), _cluster_of(news)
    if before and after and before != after:
        replaces += [name for name in ("kubeconfig", "context", "cluster") if name in changed]
    return changed, replaces


IDENTIFIER = "clusterIdentifier"


def _cluster_of(settings: dict[str, Any]) -> dict[str, Any]:
    try:
        config, _ = parsed(settings.get("kubeconfig", ""))
    except (OSError, ValueError, TypeError, yaml.YAMLError):
        return {}
    return active_cluster(config, settings.get("context", ""))
