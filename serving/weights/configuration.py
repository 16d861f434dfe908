"""WeightsConfiguration: the JSON that relay and fetcher share, and the only thing they are told about a stack.

    {"version": 1,
     "models": {
       "llama": {"kind": "hub", "url": "https://huggingface.co", "repository": "owner/name", "revision": "40 hex",
                 "credentials": "hub-token",
                 "files": [{"path": "config.json", "size": 654, "git_sha1": "40 hex"},
                           {"path": "model.safetensors", "size": 269060552, "sha256": "64 hex"}]}}}

Keys without a value are left out. No secret stands in it: `credentials` names one, and the relay finds its keys in its
own environment, each behind the prefix that `variable_prefix` gives.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any, Self

from llmctl.serving.errors import InvalidWeights
from llmctl.serving.weights.spec import SourceKind, WeightFile, Weights

VERSION = 1
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""A model's name: a DNS label (RFC 1123), as its Kubernetes objects are called."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHA1 = re.compile(r"[0-9a-f]{40}")
_HIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, kw_only=True)
class WeightsConfiguration:
    models: Mapping[str, Weights]
    """Name of the model in the stack -> its files; also the first part of their path at the relay."""

    def to_json(self) -> str:
        """Stable text, so that it changes only when a file does."""
        models = {name: _without_none(asdict(weights)) for name, weights in sorted(self.models.items())}
        return json.dumps({"version": VERSION, "models": models}, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises InvalidWeights for anything that `to_json` would not have written, names that lead elsewhere first."""
        try:
            content = json.loads(text)
            if content["version"] != VERSION:
                raise InvalidWeights(f"The weights' configuration has version {content['version']}; known: {VERSION}.")
            models = {name: _weights(entry) for name, entry in content["models"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidWeights(
                f"The weights' configuration cannot be read ({type(error).__name__}: {error}). "
                "It is written by llmctl; run llmctl up again."
            ) from error
        for name, weights in models.items():
            check_weights(name, weights)
        return cls(models=models)

    def weights(self, model: str) -> Weights:
        """Raises InvalidWeights that lists the models there are."""
        if model not in self.models:
            known = ", ".join(sorted(self.models)) or "none"
            raise InvalidWeights(f"No model {model!r} in the weights' configuration; it has: {known}.")
        return self.models[model]


def check_weights(name: str, weights: Weights) -> None:
    """Raises InvalidWeights for a model or file that relay and fetcher may not take."""
    if not NAME.fullmatch(name):
        raise InvalidWeights(f"The model's name {name!r} is no DNS label (a-z, 0-9, -; at most 63 characters).")
    check_paths(name, (file.path for file in weights.files))
    for file in weights.files:
        if not isinstance(file.size, int) or file.size < 0:
            raise InvalidWeights(f"{name}: {file.path} has the size {file.size!r}; it must be a number of bytes.")
        if not (_SHA256.fullmatch(file.sha256 or "") or (file.sha256 is None and _SHA1.fullmatch(file.git_sha1 or ""))):
            raise InvalidWeights(f"{name}: {file.path} has no hash; give its SHA-256 (64 hex).")


def check_paths(name: str, paths: Iterable[str]) -> None:
    """Raises InvalidWeights unless every path stays below the model's directory and is a file of its own there."""
    seen: set[str] = set()
    for path in paths:
        parts = path.split("/")
        if any(part in ("", "..") or part.startswith(".") or len(part.encode()) > 255 for part in parts):
            raise InvalidWeights(f"{name}: the path {path!r} is not allowed; it must stay inside, with no hidden part.")
        if _HIDDEN.search(path) or path in seen:
            raise InvalidWeights(f"{name}: the path {path!r} is there twice, or has characters that are not allowed.")
        seen.add(path)
    for path in sorted(seen):
        if between := seen.intersection(str(parent) for parent in PurePosixPath(path).parents):
            raise InvalidWeights(f"{name}: {between.pop()!r} is a file and the directory of {path!r}.")


def variable_prefix(secret: str) -> str:
    """What the relay's variables from this Secret begin with (`envFrom[].prefix`): `hub-token` -> `SECRET_HUB_TOKEN__`.

    Two Secrets with the same key so never overwrite one another, and no source is shown another's credentials.
    """
    return f"SECRET_{re.sub(r'[^A-Z0-9]', '_', secret.upper())}__"


def variables_of(weights: Weights, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The variables for this source: those of its Secret by their own names, or all where it names none."""
    if weights.credentials is None:
        return environ
    prefix = variable_prefix(weights.credentials)
    return {key.removeprefix(prefix): value for key, value in environ.items() if key.startswith(prefix)}


def _weights(entry: Mapping[str, Any]) -> Weights:
    files = tuple(WeightFile(**file) for file in entry.get("files", ()))
    return Weights(**{**entry, "kind": SourceKind(entry["kind"]), "files": files})


def _without_none(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in entry.items() if value is not None}
    return {**kept, "files": [{k: v for k, v in file.items() if v is not None} for file in entry["files"]]}
