"""What `llmctl init` writes: a Pulumi project for plain `pulumi` too. The repository's own stacks/ is the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from llmctl.infra.errors import SettingsError
from llmctl.infra.project import Project
from llmctl.infra.schema import stack_file_schema
from llmctl.serving.images.reference import parse_reference

DEFAULT_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"

DEFAULT_GGUF = "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF"
"""What llmctl's own server loads in a cluster: the smallest SmolLM2 whose authors give GGUF files on the Hub."""

PULUMI_YAML = """\
name: llmctl
description: LLM endpoints, one stack per environment
runtime: python
plugins:
  providers:
    # Written by llmctl before each command; local stacks need it.
    - name: llmctl
      path: ../.llmctl/provider
"""

MAIN_PY = '''\
"""The Pulumi program of every stack: `llmctl up STACK` runs it, and plain `pulumi up` after `llmctl env`."""

from pathlib import Path

from llmctl.infra.program import run

run(Path(__file__).parent)
'''

KUBERNETES_YAML = """\
# yaml-language-server: $schema=llmctl.schema.json
config:
  llmctl:target: kubernetes
  llmctl:cluster:
    {context}
    {server_image}
  llmctl:models:
    {model}
      # cpu: llmctl's own server, for models in GGUF. On GPUs: l4:1, h100:2… or auto.
      accelerator: cpu
"""
"""The smallest stack in a cluster; every other setting is in docs/settings.md."""

STACK_YAML = """\
# yaml-language-server: $schema=llmctl.schema.json
config:
  llmctl:target: local
  {model}
"""

GITIGNORE = "*\n"


@dataclass(frozen=True)
class Scaffolded:
    path: Path
    written: bool
    """False: it was there already and is left as it was."""


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """What a new stack in a cluster says of it."""

    context: str
    server_image: str


def new_cluster(target: str, context: str | None, server_image: str | None) -> Cluster | None:
    """The cluster that the words of a command mean; None for a stack on this machine. Raises SettingsError."""
    if target != "kubernetes":
        for option, value in (("--context", context), ("--server-image", server_image)):
            if value is not None:
                raise SettingsError(f"{option} is for stacks in a cluster; add --target kubernetes, or leave it out.")
        return None
    if server_image is None:
        raise SettingsError(
            "A stack in a cluster needs llmctl's own image in a registry that the cluster reaches: --server-image "
            "HOST/REPOSITORY:TAG. docs/images.md tells how to make and push it."
        )
    return Cluster(context=context or _current_context(), server_image=str(parse_reference(server_image)))


def _current_context() -> str:
    from llmctl.infra.kubernetes.account import current_context

    return current_context()


def scaffold(
    project: Project, stack: str, *, model: str | None = None, cluster: Cluster | None = None
) -> list[Scaffolded]:
    """Make the project and one stack in it, on this machine or in a cluster.

    Existing files are never overwritten, except the generated schema.
    """
    stack_file = project.stack_file(stack)
    project.stacks.mkdir(parents=True, exist_ok=True)
    project.home.mkdir(mode=0o700, exist_ok=True)
    schema = project.stacks / "llmctl.schema.json"
    return [
        _once(project.home / ".gitignore", GITIGNORE),
        _once(project.stacks / "Pulumi.yaml", PULUMI_YAML),
        _once(project.stacks / "__main__.py", MAIN_PY),
        _generated(schema, json.dumps(stack_file_schema(), indent=2) + "\n"),
        _once(stack_file, _in_cluster(cluster, model) if cluster else _on_this_machine(model)),
    ]


def _on_this_machine(model: str | None) -> str:
    return STACK_YAML.format(model=_entry("llmctl:model", model or DEFAULT_MODEL))


def _in_cluster(cluster: Cluster, model: str | None) -> str:
    return KUBERNETES_YAML.format(
        context=_entry("context", cluster.context),
        server_image=_entry("serverImage", cluster.server_image),
        model=_entry(model or DEFAULT_GGUF, None).removesuffix(" null"),
    )


def _once(path: Path, text: str) -> Scaffolded:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return Scaffolded(path, written=False)
    return Scaffolded(path, written=True)


def _generated(path: Path, text: str) -> Scaffolded:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return Scaffolded(path, written=False)
    path.write_text(text, encoding="utf-8")
    return Scaffolded(path, written=True)


def _entry(key: str, value: str | None) -> str:
    """One line of YAML, quoted where it must be."""
    line: str = yaml.safe_dump({key: value}, allow_unicode=True, width=10_000)
    return line.rstrip()
