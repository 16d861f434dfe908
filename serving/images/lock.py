"""References to digests: ask each registry, keep what it answered, and say of every image what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.lock_file import (
    Entry,
    LockedImage,
    LockFile,
    OpenImage,
    read_lock_file,
    write_lock_file,
)
from llmctl.serving.images.manifest import Manifest
from llmctl.serving.images.reference import ImageReference, parse_reference
from llmctl.serving.images.registry import Registries, Registry


class Outcome(StrEnum):
    LOCKED = "locked"
    """For the first time."""

    SAME = "same"
    MOVED = "moved"
    """The tag names something else than when it was locked before."""

    KEPT = "kept"
    """The registry gave no answer this time; the digest is that of an earlier one."""

    OPEN = "open"
    """No registry has ever given a digest."""


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What came of one reference."""

    reference: str
    outcome: Outcome
    entry: Entry
    before: Entry | None
    problem: str | None = None
    """Why there was no answer; set where the outcome is kept or open."""


def update_lock(
    path: Path, references: Iterable[str], *, registries: Registries, today: date, progress: Callable[[str], None]
) -> list[Resolution]:
    """Ask for each reference, and write the answers into the lock file at `path`; what else is in there stays.

    `progress` gets each reference before it is asked for. Raises InvalidImage and OSError.
    """
    before, resolutions = read_lock_file(path), []
    for reference in _once(references):
        progress(reference)
        resolutions.append(_resolve(reference, before.images.get(reference), registries, today))
    if resolutions:
        answered = {resolution.reference: resolution.entry for resolution in resolutions}
        # Read anew: asking takes long enough for somebody else to lock other images meanwhile.
        write_lock_file(path, LockFile({**read_lock_file(path).images, **answered}))
    return resolutions


def _once(references: Iterable[str]) -> list[str]:
    """Fully spelt; a mistake in the last one is found before the first is asked for."""
    return list(dict.fromkeys(str(parse_reference(reference)) for reference in references))


def _resolve(text: str, before: Entry | None, registries: Registries, today: date) -> Resolution:
    reference = parse_reference(text)
    try:
        entry = _asked(reference, registries(reference.host), today)
    except RegistryError as error:
        return _without_answer(text, before, str(error), today)
    outcome = Outcome.LOCKED
    if isinstance(before, LockedImage):
        outcome = Outcome.SAME if before.digest == entry.digest else Outcome.MOVED
    return Resolution(reference=text, outcome=outcome, entry=entry, before=before)


def _asked(reference: ImageReference, registry: Registry, today: date) -> LockedImage:
    manifest = registry.manifest(reference.repository, reference.version)
    return LockedImage(
        digest=manifest.digest,
        media_type=manifest.media_type,
        platforms=_platforms(manifest, reference, registry),
        registry=registry.host,
        date=today,
    )


def _platforms(manifest: Manifest, reference: ImageReference, registry: Registry) -> dict[str, str]:
    """An index names them. A single manifest's platform stands in its configuration, which is fetched for it."""
    if manifest.is_index:
        # Of two for one platform a runtime takes the first.
        return {entry.platform: entry.digest for entry in reversed(manifest.manifests) if entry.platform}
    platform = registry.platform(reference.repository, manifest)
    return {platform: manifest.digest} if platform else {}


def _without_answer(text: str, before: Entry | None, problem: str, today: date) -> Resolution:
    if isinstance(before, LockedImage):
        return Resolution(reference=text, outcome=Outcome.KEPT, entry=before, before=before, problem=problem)
    entry = OpenImage(reason=problem, date=today)
    return Resolution(reference=text, outcome=Outcome.OPEN, entry=entry, before=before, problem=problem)
