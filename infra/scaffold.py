"""What `llmctl init` writes: a Pulumi project for plain `pulumi` too. The repository's own stacks/ is the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import yaml

from llmctl.infra.project import Project
from llmctl.infra.schema import stack_file_schema

DEFAULT_MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"

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
    {name}
      {id}
      # cpu: llmctl's own server, for GGUF files. On GPUs: l4:1, h100:2… or auto.
      accelerator: cpu
"""
"""The smallest stack in a cluster; every other setting is in docs/settings.md."""

STACK_YAML = """\
# yaml-language-server: $schema=llmctl.schema.json
config:
  llmctl:target: {target}
  {model}
"""

GITIGNORE = "*\n"


@dataclass(frozen=True)
class Scaffolded:
    path: Path
    written: bool
    """False: it was there already and is left as it was."""


def scaffold(project: Project, stack: str, *, target: str = "local", model: str = DEFAULT_MODEL) -> list[Scaffolded]:
    """Make the project and one stack in it. Existing files are never overwritten, except the generated schema."""
    stack_file = project.stack_file(stack)
    project.stacks.mkdir(parents=True, exist_ok=True)
    project.home.mkdir(mode=0o700, exist_ok=True)
    schema = project.stacks / "llmctl.schema.json"
    return [
        _once(project.home / ".gitignore", GITIGNORE),
        _once(project.stacks / "Pulumi.yaml", PULUMI_YAML),
        _once(project.stacks / "__main__.py", MAIN_PY),
        _generated(schema, json.dumps(stack_file_schema(), indent=2) + "\n"),
        _once(stack_file, STACK_YAML.format(target=target, model=_entry("llmctl:model", model))),
    ]


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


def _entry(key: str, value: str) -> str:
    """One line of YAML, quoted where it must be."""
    line: str = yaml.safe_dump({key: value}, allow_unicode=True, width=10_000)
    return line.rstrip()
