"""Digests from the distribution project's own registry, into a lock file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from drivers.oci_images import TestImage, noise, one_platform, several_platforms
from drivers.oci_registry import OciRegistry
from drivers.ports import free_port

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.lock import Outcome, Resolution, update_lock
from llmctl.serving.images.lock_file import LockedImage, OpenImage, read_lock_file
from llmctl.serving.images.registry import Registries

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)

Lock = Callable[..., Resolution]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "images.lock.yaml"


@pytest.fixture
def lock(file: Path, registries: Registries) -> Lock:
    def one(reference: str, today: date = TODAY) -> Resolution:
        (found,) = update_lock(file, [reference], registries=registries, today=today, progress=lambda _: None)
        assert read_lock_file(file).images[found.reference] == found.entry, "what is said is what is written"
        return found

    return one


def test_what_somebody_else_locks_while_a_registry_is_asked_stays_in_the_file(
    file: Path, lock: Lock, registries: Registries
) -> None:
    mine, other = (f"localhost:{free_port()}/locks/{name}:1.0" for name in ("mine", "other"))

    def meanwhile(_: str) -> None:
        lock(other)

    update_lock(file, [mine], registries=registries, today=TODAY, progress=meanwhile)
    assert {mine, other} <= set(read_lock_file(file).images)


def two_platforms(seed: int = 0) -> TestImage:
    images = {name: one_platform(name, layers=[noise(100, seed)]) for name in ("linux/amd64", "linux/arm64")}
    return several_platforms(images, attested=True)


def test_an_index_is_locked_with_its_own_digest_and_that_of_each_platform(real: OciRegistry, lock: Lock) -> None:
    image = two_platforms()
    real.holds("locks/index", "1.0", image)
    found = lock(f"{real.host}/locks/index:1.0")
    assert found.outcome is Outcome.LOCKED
    assert found.entry == LockedImage(
        digest=image.digest,
        media_type="application/vnd.oci.image.index.v1+json",
        platforms=image.platforms,
        registry=real.host,
        date=TODAY,
    )


def test_of_two_manifests_for_one_platform_the_first_is_locked(real: OciRegistry, lock: Lock) -> None:
    first, second = one_platform(layers=[b"first"]), one_platform(layers=[b"second"])
    real.holds("locks/doubled", "1.0", several_platforms([("linux/amd64", first), ("linux/amd64", second)]))
    entry = lock(f"{real.host}/locks/doubled:1.0").entry
    assert isinstance(entry, LockedImage)
    assert entry.platforms == {"linux/amd64": first.digest}


@pytest.mark.parametrize("docker", [False, True], ids=["OCI", "Docker"])
def test_the_platform_of_an_image_without_an_index_is_read_in_its_configuration(
    real: OciRegistry, lock: Lock, docker: bool
) -> None:
    image = one_platform("linux/arm64", docker=docker)
    real.holds("locks/single", "1.0", image)
    entry = lock(f"{real.host}/locks/single:1.0").entry
    assert isinstance(entry, LockedImage)
    assert (entry.digest, entry.platforms) == (image.digest, {"linux/arm64": image.digest})


def test_a_tag_that_is_not_there_stays_open_and_says_so(real: OciRegistry, lock: Lock) -> None:
    reference = f"{real.host}/locks/missing:1.0"
    found = lock(reference)
    assert found.outcome is Outcome.OPEN
    assert found.entry == OpenImage(
        reason=f"{real.host} has nothing for a request for {reference} (HTTP 404: MANIFEST_UNKNOWN: manifest unknown). "
        f"Check the name; if it is a private one: docker login {real.host}",
        date=TODAY,
    )


def test_an_open_image_is_locked_as_soon_as_it_is_there(real: OciRegistry, lock: Lock) -> None:
    reference = f"{real.host}/locks/later:1.0"
    lock(reference)
    real.holds("locks/later", "1.0", one_platform())
    assert lock(reference).outcome is Outcome.LOCKED


def test_a_second_time_says_whether_the_tag_has_moved(real: OciRegistry, lock: Lock) -> None:
    reference, first, second = f"{real.host}/locks/moving:1.0", two_platforms(1), two_platforms(2)
    real.holds("locks/moving", "1.0", first)
    lock(reference)
    assert lock(reference, TOMORROW).outcome is Outcome.SAME
    real.holds("locks/moving", "1.0", second)
    found = lock(reference, TOMORROW)
    assert found.outcome is Outcome.MOVED
    assert found.before is not None
    assert (found.before.digest, found.entry.digest) == (first.digest, second.digest)


def test_a_reference_with_a_digest_is_asked_for_by_it_even_when_the_tag_has_moved(
    real: OciRegistry, lock: Lock
) -> None:
    first, second = two_platforms(3), two_platforms(4)
    real.holds("locks/pinned", "1.0", first)
    real.holds("locks/pinned", "1.0", second)
    assert lock(f"{real.host}/locks/pinned:1.0@{first.digest}").entry.digest == first.digest


def test_the_earlier_digest_stays_while_the_registry_does_not_answer(
    file: Path, lock: Lock, real: OciRegistry, registries: Registries
) -> None:
    reference = f"127.0.0.1:{free_port()}/locks/away:1.0"
    real.holds("locks/away", "1.0", one_platform())
    lock(f"{real.host}/locks/away:1.0")
    file.write_text(file.read_text().replace(f"{real.host}/locks", reference.partition("/locks")[0] + "/locks"))
    before = read_lock_file(file)
    found = lock(reference, TOMORROW)
    assert found.outcome is Outcome.KEPT
    assert found.problem is not None
    assert "does not answer" in found.problem
    assert read_lock_file(file) == before, "with the day of the answer, not of this try"


def test_a_mistake_in_one_reference_is_found_before_any_registry_is_asked(file: Path, registries: Registries) -> None:
    asked: list[str] = []
    with pytest.raises(InvalidImage, match="cannot be its tag"):
        update_lock(file, ["ghcr.io/a/b:1", "ghcr.io/a/b:"], registries=registries, today=TODAY, progress=asked.append)
    assert asked == []
    assert not file.exists()


def test_other_entries_stay_as_they_are(file: Path, real: OciRegistry, lock: Lock) -> None:
    real.holds("locks/one", "1.0", one_platform())
    lock(f"{real.host}/locks/one:1.0")
    lock(f"{real.host}/locks/two:1.0", TOMORROW)
    assert [entry.date for entry in read_lock_file(file).images.values()] == [TODAY, TOMORROW]
