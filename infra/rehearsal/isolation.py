"""A rehearsal touches nothing real: its own copy of the project, its own home, and an environment with nothing in it
that could open an account."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from llmctl.infra.project import Project
from llmctl.infra.settings import SECRET_KEYS
from llmctl.infra.stack_file import PREFIX

KEPT_VARIABLES = re.compile(r"PATH|LANG|LC_[A-Z]+|TZ|TMPDIR|PYTHON[A-Z]+|SSL_CERT_(FILE|DIR)|TERM|COLUMNS|NO_COLOR")
"""Of the user's environment, everything else is left behind: whatever a credential's variable is called."""

LEFT_OUT = ("encryptionsalt", "encryptedkey", "secretsprovider")
"""Of a stack file: how its secrets are encrypted. A rehearsal's are others, encrypted anew."""

PLACEHOLDER = "rehearsal"


@dataclass(frozen=True, kw_only=True)
class Isolated:
    """A place where a stack is rehearsed."""

    project: Project
    environment: Mapping[str, str]
    """All of it: nothing is inherited."""

    secrets: tuple[str, ...]
    """Keys for which the copy needs a value; the real ones were not read."""

    @property
    def world(self) -> Path:
        """Where the doubles keep what is there."""
        return self.project.root / "world"


def isolate(project: Project, stack: str, root: Path, environ: Mapping[str, str]) -> Isolated:
    """Copy what a stack is made from into `root`. Raises OSError. The stack's own files are only read."""
    copy = Project(root)
    copy.stacks.mkdir(parents=True)
    home = root / "home"
    for directory in (copy.home, home, root / "world"):
        directory.mkdir(mode=0o700)
    for path in project.stacks.iterdir():
        if path.is_file() and path != project.stack_file(stack) and not path.name.startswith("Pulumi."):
            shutil.copyfile(path, copy.stacks / path.name)
    shutil.copyfile(project.stacks / "Pulumi.yaml", copy.stacks / "Pulumi.yaml")
    secrets = _copy_stack_file(project.stack_file(stack), copy.stack_file(stack))
    return Isolated(project=copy, environment=_environment(home, environ), secrets=secrets)


def _copy_stack_file(source: Path, copy: Path) -> tuple[str, ...]:
    """The settings without secrets and without the backend. Returns the keys of the secrets."""
    content: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8")) or {}
    config = content.get("config") or {}
    secrets = tuple(key for key in SECRET_KEYS if f"{PREFIX}{key}" in config)
    dropped = {f"{PREFIX}{key}" for key in (*secrets, "backend")}
    kept = {key: value for key, value in content.items() if key not in LEFT_OUT}
    kept["config"] = {key: value for key, value in config.items() if key not in dropped and not _encrypted(value)}
    copy.write_text(yaml.safe_dump(kept, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return secrets


def _encrypted(value: Any) -> bool:
    return isinstance(value, dict) and "secure" in value


def _environment(home: Path, environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if KEPT_VARIABLES.fullmatch(name)}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PULUMI_HOME": str(home / "pulumi"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HF_HUB_OFFLINE": "1",
        "no_proxy": "*",
    }
