"""Where things are: a project is a directory with `stacks/`, and llmctl's own files beside it in `.llmctl/`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from llmctl.infra.errors import SettingsError

STACK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""What Pulumi's file backend accepts, less a leading dot or dash, which would be a hidden file or an option."""


@dataclass(frozen=True)
class Project:
    root: Path

    @property
    def stacks(self) -> Path:
        """The Pulumi project: Pulumi.yaml, __main__.py and one Pulumi.<stack>.yaml per stack."""
        return self.root / "stacks"

    @property
    def home(self) -> Path:
        """llmctl's own files: local state, run directories, locks, journals. Never committed."""
        return self.root / ".llmctl"

    @property
    def provider(self) -> Path:
        """The directory that Pulumi.yaml names for llmctl's provider plugin."""
        return self.home / "provider"

    def stack_home(self, stack: str) -> Path:
        return self.home / "stacks" / stack

    def stack_file(self, stack: str) -> Path:
        """The path of the stack's file, which need not exist. Raises SettingsError for a name that cannot be one."""
        if not STACK_NAME.fullmatch(stack):
            raise SettingsError(
                f"{stack!r} cannot be a stack: a name is 1 to 100 letters, digits, '.', '_' or '-', "
                "and starts with a letter or digit."
            )
        return self.stacks / f"Pulumi.{stack}.yaml"

    def stack_names(self) -> tuple[str, ...]:
        names = (path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in self.stacks.glob("Pulumi.*.yaml"))
        return tuple(sorted(name for name in names if STACK_NAME.fullmatch(name)))

    def shown(self, path: Path) -> str:
        """The path as a user reads it: relative to where they stand, if that is shorter."""
        relative = os.path.relpath(path)
        return min(str(path), relative, key=len)


def user_cache() -> Path:
    """llmctl's directory below the user's cache directory (XDG_CACHE_HOME): Pulumi CLIs and models."""
    return user_cache_path("llmctl")


def find_project(start: Path) -> Project:
    """The project around `start`: the nearest directory, going up, that holds `stacks/Pulumi.yaml`."""
    for directory in (start, *start.parents):
        if (directory / "stacks" / "Pulumi.yaml").is_file():
            return Project(directory)
    raise SettingsError(f"No stacks/Pulumi.yaml in {start} or above. Run `llmctl init` where the project should be.")
