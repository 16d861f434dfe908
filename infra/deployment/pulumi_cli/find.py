"""Find a Pulumi CLI that is already there: the one the user names, one on PATH, the one in llmctl's cache.

No network, and a few milliseconds once the versions are remembered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from llmctl.infra.deployment.pulumi_cli.version import MINIMUM, PINNED, RememberedVersions, as_numbers
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli, Way, WayClosed
from llmctl.infra.errors import PulumiCliMissing

EXPLICIT = "LLMCTL_PULUMI"


@dataclass(frozen=True, kw_only=True)
class Search:
    """What looking around found, and why each place before it did not do."""

    cli: PulumiCli | None
    misses: tuple[str, ...]


def find_pulumi_cli(*, cache: Path, environ: Mapping[str, str]) -> PulumiCli | None:
    """The Pulumi CLI to use, or None where one must be installed first.

    Raises PulumiCliMissing where LLMCTL_PULUMI names a program that cannot be used: an explicit wish is never
    silently replaced by something else.
    """
    return search(cache=cache, environ=environ).cli


def search(*, cache: Path, environ: Mapping[str, str]) -> Search:
    """Look in every place, in order, and keep the reasons."""
    versions = RememberedVersions(own_directory(cache))
    explicit = environ.get(EXPLICIT)
    if explicit:
        return Search(cli=_explicit(Path(explicit).absolute(), versions, environ), misses=())
    misses: list[str] = []
    for way, path in _places(cache, environ):
        try:
            version = _new_enough(path, versions, environ)
        except WayClosed as reason:
            misses.append(f"{path} {reason}")
            continue
        return Search(cli=_found(way, path, version, misses), misses=tuple(misses))
    if not any(Path(folder, "pulumi").is_file() for folder in _path(environ)):
        misses.append("no pulumi is on PATH")
    return Search(cli=None, misses=tuple(misses))


def own_directory(cache: Path) -> Path:
    """Where llmctl keeps Pulumi CLIs of its own, below the user's cache directory."""
    return cache / "pulumi"


def installed(cache: Path) -> Path:
    """Where the pinned version is once it is installed. `pulumi.automation.PulumiCommand` wants ROOT/bin/pulumi."""
    return own_directory(cache) / PINNED / "bin" / "pulumi"


def _places(cache: Path, environ: Mapping[str, str]) -> Iterator[tuple[Way, Path]]:
    for folder in _path(environ):
        candidate = Path(folder, "pulumi").absolute()
        if candidate.is_file() and os.access(candidate, os.X_OK):
            yield "path", candidate
    if installed(cache).exists():
        yield "cached", installed(cache)


def _path(environ: Mapping[str, str]) -> list[str]:
    return [folder for folder in environ.get("PATH", "").split(os.pathsep) if folder]


def _explicit(path: Path, versions: RememberedVersions, environ: Mapping[str, str]) -> PulumiCli:
    try:
        version = _new_enough(path, versions, environ)
    except WayClosed as reason:
        raise PulumiCliMissing(
            f"{EXPLICIT}: {path} {reason}. It must be a Pulumi CLI, {MINIMUM} or newer; "
            f"correct {EXPLICIT}, or unset it and llmctl finds or installs one itself (llmctl setup)."
        ) from reason
    return PulumiCli(path=path, version=version, way="explicit", why=f"{EXPLICIT} names it.")


def _new_enough(path: Path, versions: RememberedVersions, environ: Mapping[str, str]) -> str:
    version = versions.of(path, environ)
    if as_numbers(version) < as_numbers(MINIMUM):
        raise WayClosed(f"is {version}, older than {MINIMUM}")
    return version


def _found(way: Way, path: Path, version: str, misses: list[str]) -> PulumiCli:
    where = "It is the first new enough one on PATH" if way == "path" else "It was installed by llmctl before"
    because = f" ({'; '.join(misses)})" if misses else ""
    return PulumiCli(path=path, version=version, way=way, why=f"{where}{because}.")
