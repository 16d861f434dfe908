"""A stack as YAML for GitOps: the same objects, in the order in which they can be applied."""

from __future__ import annotations

from typing import Any

import yaml

from llmctl.serving.manifests.accounts import KEYS_SECRET
from llmctl.serving.manifests.notes import notes
from llmctl.serving.manifests.spec import Manifest, StackSpec
from llmctl.serving.manifests.stack import waves
from llmctl.serving.manifests.weights import credentials

WIDTH = 120


def render(spec: StackSpec) -> str:
    """All objects as one text of several documents; the same spec gives the same text. No Secret has a value in it.

    Raises ManifestError.
    """
    documents = [_wave(number, wave) for number, wave in enumerate(waves(spec))]
    return _head(spec) + "".join(documents)


def _head(spec: StackSpec) -> str:
    lines = [
        f"The llmctl stack {spec.stack}. Apply it with: kubectl apply --server-side -f FILE",
        f"The Secret {KEYS_SECRET} has no data here, so applying this again leaves the keys alone; make one with:",
        f"  llmctl keys create {spec.stack} NAME",
        *_other_secrets(spec),
        *(f"Note: {note}." for note in notes(spec)),
    ]
    return "".join(f"# {line}\n" for line in lines)


def _other_secrets(spec: StackSpec) -> list[str]:
    """What the objects name and nobody here makes."""
    tls = [f"{spec.tls_secret} (type kubernetes.io/tls)"] if spec.gateway.tls else []
    pull = [f"{spec.image_pull_secret} (type kubernetes.io/dockerconfigjson)"] if spec.image_pull_secret else []
    relay = [
        f"{name} (its keys become variables of the relay: HF_TOKEN, AWS_ACCESS_KEY_ID)" for name in credentials(spec)
    ]
    names = [*relay, *tls, *pull]
    return [f"Not in this file, and needed in {spec.namespace}: the Secrets {', '.join(names)}."] if names else []


def _wave(number: int, wave: tuple[Manifest, ...]) -> str:
    return "".join(f"---\n# wave {number}\n{_document(manifest)}" for manifest in wave)


def _document(manifest: Manifest) -> str:
    return yaml.dump(manifest, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Lists below their key, text of several lines as it is, and no aliases: these files are read by people."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (yaml asks by these names)
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
