"""Digests from the distribution project's own registry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from drivers.oci_images import TestImage, one_platform, several_platforms
from drivers.oci_registry import OciRegistry

from llmctl.serving.images.lock import Outcome, resolve_all
from llmctl.serving.images.lock_file import LockedImage, LockFile, OpenImage
from llmctl.serving.images.registry import Registry

TODAY = date(2026, 11, 24)
TOMORROW = date(2026, 11, 25)


def two_platforms(layer: bytes = b"one") -> TestImage:
    images = {"linux/amd64": one_platform(layers=[layer]), "linux/arm64": one_platform("linux/arm64")}
    return several_platforms(images, attested=True)


def test_an_index_is_locked_with_its_own_digest_and_that_of_each_platform(
    real: OciRegistry, connect: Callable[..., Registry]
) -> None:
    image = two_platforms()
    real.holds("locks/index", "1.0", image)
    (found,) = resolve_all([f"{real.host}/locks/index:1.0"], LockFile(), registries=connect, today=TODAY)
    assert found.outcome is Outcome.LOCKED
    assert found.entry == LockedImage(
        digest=image.digest,
        media_type="application/vnd.oci.image.index.v1+json",
        platforms=image.platforms,
        registry=real.host,
        date=TODAY,
    )


def test_a_tag_that_is_not_there_stays_open_and_says_so(real: OciRegistry, connect: Callable[..., Registry]) -> None:
    reference = f"{real.host}/locks/missing:1.0"
    (found,) = resolve_all([reference], LockFile(), registries=connect, today=TODAY)
    assert found.outcome is Outcome.OPEN
    assert found.entry == OpenImage(
        reason=f"{real.host} has nothing for a request for {reference} (HTTP 404: MANIFEST_UNKNOWN: manifest unknown). "
        f"Check the name; if it is a private one: docker login {real.host}",
        date=TODAY,
    )
