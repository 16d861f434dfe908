"""Which locked image goes where in a registry of one's own. Pure; mirror.py does it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.lock_file import LockedImage, LockFile
from llmctl.serving.images.reference import HOST, REPOSITORY, ImageReference, parse_reference


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One image to copy, by digest."""

    source: ImageReference
    destination: ImageReference
    digest: str
    """Of the index, or of the one platform's manifest that was asked for; the same at both ends."""


@dataclass(frozen=True, kw_only=True)
class MirrorPlan:
    copies: tuple[Copy, ...]
    open: Mapping[str, str]
    """Images that cannot be copied, because no registry has given a digest -> why not."""


def plan_mirror(lock: LockFile, to: str, *, only: Collection[str] = (), platform: str | None = None) -> MirrorPlan:
    """Copies of all locked images (or `only` those) below `to`, which is `HOST` or `HOST/PATH`.

    `platform`: only that platform's manifest, under the image's tag. An index cannot go with a part of its platforms:
    registries refuse one whose manifests are not all there, and without them it would be another index.
    Raises InvalidImage: not locked, no such platform, not a destination, or two images with the same one.
    """
    if not lock.images:
        raise InvalidImage("No image is locked yet, so there is none to copy. Run: llmctl images lock")
    chosen = [_known(lock, reference) for reference in only] or sorted(lock.images)
    host, path = _place(to)
    copies: dict[str, Copy] = {}
    waiting: dict[str, str] = {}
    for reference in chosen:
        entry = lock.images[reference]
        if not isinstance(entry, LockedImage):
            waiting[reference] = entry.reason
            continue
        source = parse_reference(reference)
        digest = _platform(reference, entry, platform) if platform else entry.digest
        copy = Copy(source=source, destination=_destination(source, host, path, digest), digest=digest)
        _check_alone(copies.setdefault(str(copy.destination), copy), copy)
    return MirrorPlan(copies=tuple(copies.values()), open=waiting)


def _known(lock: LockFile, reference: str) -> str:
    full = str(parse_reference(reference))
    if full not in lock.images:
        raise InvalidImage(f"{full} is not in the lock file. Lock it first: llmctl images lock --image {full}")
    return full


def _place(to: str) -> tuple[str, str]:
    host, _, path = to.removesuffix("/").partition("/")
    is_host = HOST.fullmatch(host) and ("." in host or ":" in host or host == "localhost")
    if not is_host or (path and not REPOSITORY.fullmatch(path)):
        raise InvalidImage(
            f"{to!r} is no place for images. Allowed: HOST or HOST/PATH, for example registry.example.com/team."
        )
    return host, path


def _destination(source: ImageReference, host: str, path: str, digest: str) -> ImageReference:
    """`ghcr.io/org/name:1` -> `HOST/PATH/org/name:1`: the repository stays, the registry goes."""
    repository = f"{path}/{source.repository}" if path else source.repository
    return ImageReference(host=host, repository=repository, tag=source.tag, digest=None if source.tag else digest)


def _platform(reference: str, entry: LockedImage, platform: str) -> str:
    if platform not in entry.platforms:
        there = ", ".join(entry.platforms) or "none that is named"
        raise InvalidImage(f"{reference} is locked without {platform}. Its platforms: {there}.")
    return entry.platforms[platform]


def _check_alone(first: Copy, second: Copy) -> None:
    if first.digest != second.digest:
        raise InvalidImage(
            f"{first.source} and {second.source} would both become {second.destination}. "
            "Copy them to two places: --image names one."
        )
