"""Copies between two of the distribution project's registries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from doubles.registry import RegistryDouble
from drivers.oci_images import TestImage, noise, one_platform, several_platforms
from drivers.oci_registry import OciRegistry, oci_registry

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.lock import update_lock
from llmctl.serving.images.lock_file import read_lock_file
from llmctl.serving.images.manifest import parse_manifest
from llmctl.serving.images.mirror import Mirrored, mirror
from llmctl.serving.images.mirror_plan import Copy, plan_mirror
from llmctl.serving.images.registry import Registries

LARGE = 5_000_000


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OciRegistry]:
    with oci_registry(tmp_path_factory.mktemp("ours")) as running:
        yield running


def image_with_large_layers(seed: int = 0) -> TestImage:
    images = {
        name: one_platform(name, layers=[noise(LARGE, seed), name.encode()]) for name in ("linux/amd64", "linux/arm64")
    }
    return several_platforms(images, attested=True)


class Mirroring:
    """Locks an image and copies it."""

    def __init__(self, registries: Registries, file: Path) -> None:
        self._registries, self._file = registries, file
        self.progress: list[tuple[int, int]] = []

    def lock(self, reference: str) -> None:
        update_lock(
            self._file, [reference], registries=self._registries, today=date(2026, 11, 24), progress=lambda _: None
        )

    def to(self, host: str, *, platform: str | None = None) -> Mirrored:
        (copy,) = plan_mirror(read_lock_file(self._file), f"{host}/team", platform=platform).copies
        return mirror(copy, registries=self._registries, progress=self._note)

    def _note(self, _: Copy, done: int, total: int) -> None:
        self.progress.append((done, total))


@pytest.fixture
def mirroring(registries: Registries, tmp_path: Path) -> Mirroring:
    return Mirroring(registries, tmp_path / "images.lock.yaml")


def test_a_mirrored_image_is_the_same_to_the_last_byte(
    real: OciRegistry, ours: OciRegistry, mirroring: Mirroring
) -> None:
    image = image_with_large_layers()
    real.holds("org/whole", "1.0", image)
    mirroring.lock(f"{real.host}/org/whole:1.0")
    done = mirroring.to(ours.host)
    assert done.problem is None
    assert done.copy.digest == image.digest
    assert done.sent == done.layers == len(image.blobs)
    assert ours.has("team/org/whole", image)
    assert ours.tags("team/org/whole") == ["1.0"]


def test_progress_counts_bytes_up_to_the_whole(real: OciRegistry, ours: OciRegistry, mirroring: Mirroring) -> None:
    image = image_with_large_layers(1)
    real.holds("org/progress", "1.0", image)
    mirroring.lock(f"{real.host}/org/progress:1.0")
    mirroring.to(ours.host)
    whole = sum(map(len, image.blobs.values()))
    assert mirroring.progress == sorted(mirroring.progress)
    assert mirroring.progress[-1] == (whole, whole)
    assert len(mirroring.progress) > 20, "also while a large layer is under way"


def test_a_second_run_sends_nothing(real: OciRegistry, ours: OciRegistry, mirroring: Mirroring) -> None:
    real.holds("org/twice", "1.0", image_with_large_layers())
    mirroring.lock(f"{real.host}/org/twice:1.0")
    mirroring.to(ours.host)
    begun = ours.uploads()
    again = mirroring.to(ours.host)
    assert (again.problem, again.sent, ours.uploads()) == (None, 0, begun)


def test_layers_that_the_destination_has_are_not_sent_again(
    real: OciRegistry, ours: OciRegistry, mirroring: Mirroring
) -> None:
    shared, old, new = (
        noise(LARGE, 7),
        one_platform(layers=[noise(LARGE, 7), b"old"]),
        one_platform(layers=[noise(LARGE, 7), b"new"]),
    )
    ours.holds("team/org/shared", "0.9", old)
    real.holds("org/shared", "1.0", new)
    mirroring.lock(f"{real.host}/org/shared:1.0")
    done = mirroring.to(ours.host)
    assert done.problem is None
    assert done.sent_bytes < len(shared)
    assert ours.has("team/org/shared", new)


def test_one_platform_goes_without_the_index_and_the_others(
    real: OciRegistry, ours: OciRegistry, mirroring: Mirroring
) -> None:
    arm, amd = one_platform("linux/arm64", layers=[b"arm"]), one_platform(layers=[b"amd"])
    image = several_platforms({"linux/amd64": amd, "linux/arm64": arm})
    real.holds("org/part", "1.0", image)
    mirroring.lock(f"{real.host}/org/part:1.0")
    done = mirroring.to(ours.host, platform="linux/arm64")
    assert done.problem is None
    assert done.copy.digest == arm.digest == image.platforms["linux/arm64"]
    assert ours.has("team/org/part", arm)
    assert not ours.has("team/org/part", amd)


def test_an_index_without_its_manifests_is_refused_which_is_why_one_platform_goes_alone(
    ours: OciRegistry, registries: Registries
) -> None:
    top = image_with_large_layers().top
    index = parse_manifest(top.body, top.media_type, where="the test's image")
    with pytest.raises(RegistryError, match="MANIFEST_BLOB_UNKNOWN"):
        registries(ours.host).push_manifest("team/org/sparse", "1.0", index)


def test_a_cut_connection_is_taken_up_where_it_broke(
    double: RegistryDouble, ours: OciRegistry, mirroring: Mirroring, waits: list[float]
) -> None:
    image = one_platform(layers=[noise(LARGE, 8)])
    double.has("org/cut", "1.0", image)
    mirroring.lock(f"{double.host}/org/cut:1.0")
    double.cuts_the_connection_after(10**9, LARGE // 2, 0)  # the configuration whole, then the layer twice
    done = mirroring.to(ours.host)
    assert done.problem is None
    assert ours.has("team/org/cut", image)
    ranges = [seen.range for seen in double.asked(image.layers[0])]
    assert ranges[0] is None
    assert ranges[1] == ranges[2], "nothing new came the second time"
    assert waits == [0.0, 1.0]


def test_a_registry_that_knows_no_ranges_is_read_from_the_start_again(
    double: RegistryDouble, ours: OciRegistry, mirroring: Mirroring
) -> None:
    image = one_platform(layers=[noise(LARGE, 9)])
    double.has("org/noranges", "1.0", image)
    double.knows_no_ranges()
    mirroring.lock(f"{double.host}/org/noranges:1.0")
    double.cuts_the_connection_after(10**9, LARGE // 2)
    assert mirroring.to(ours.host).problem is None
    assert ours.has("team/org/noranges", image)


def test_a_registry_that_keeps_cutting_is_given_up_and_the_next_run_goes_on(
    double: RegistryDouble, ours: OciRegistry, mirroring: Mirroring
) -> None:
    first, second = noise(LARGE, 10), noise(LARGE + 1, 11)
    image = one_platform(layers=[first, second])
    double.has("org/flaky", "1.0", image)
    mirroring.lock(f"{double.host}/org/flaky:1.0")
    double.cuts_the_connection_after(10**9, 10**9, 0, 0, 0)
    given_up = mirroring.to(ours.host)
    assert given_up.problem is not None
    assert "does not answer as a registry does" in given_up.problem
    assert ours.tags("team/org/flaky") == [], "no tag before everything is there"
    done = mirroring.to(ours.host)
    assert (done.problem, done.sent, done.sent_bytes) == (None, 1, len(second))
    assert ours.has("team/org/flaky", image)


@pytest.mark.parametrize(
    ("other", "said"),
    [(b"x" * LARGE, "5,000,000 bytes"), (b"short", "5 bytes"), (b"x" * (LARGE + 1), "more bytes")],
    ids=["other", "shorter", "longer"],
)
def test_other_bytes_than_the_digest_says_are_not_passed_on(
    double: RegistryDouble, ours: OciRegistry, mirroring: Mirroring, other: bytes, said: str
) -> None:
    layer = noise(LARGE, 12)
    double.has("org/forged", "1.0", one_platform(layers=[layer]))
    double.sends_other_bytes(other, instead_of=layer)
    mirroring.lock(f"{double.host}/org/forged:1.0")
    done = mirroring.to(ours.host)
    assert done.problem is not None
    assert f"sends {said} with sha256:" in done.problem
    assert "It was not passed on." in done.problem
    assert ours.tags("team/org/forged") == []


def test_a_destination_that_is_full_is_named_with_its_reason(
    real: OciRegistry, double: RegistryDouble, mirroring: Mirroring
) -> None:
    real.holds("org/full", "1.0", one_platform())
    mirroring.lock(f"{real.host}/org/full:1.0")
    double.takes_no_layer(507, "UNKNOWN", "no space left on device")
    assert mirroring.to(double.host).problem == (
        f"{double.host} does not take an upload to {double.host}/team/org/full "
        "(HTTP 507: UNKNOWN: no space left on device). Try again; if it stays so, ask those who run the registry."
    )


def test_the_address_of_an_upload_is_used_as_it_was_given(
    real: OciRegistry, double: RegistryDouble, mirroring: Mirroring
) -> None:
    image = one_platform()
    real.holds("org/address", "1.0", image)
    mirroring.lock(f"{real.host}/org/address:1.0")
    assert mirroring.to(double.host).problem is None
    assert all(seen.query["state"] == ["a/b"] for seen in double.asked("/upload/1"))
    assert double.content("/v2/team/org/address/manifests/1.0") == image.top.body


def test_a_destination_that_rewrites_manifests_is_found_out(
    real: OciRegistry, double: RegistryDouble, mirroring: Mirroring
) -> None:
    image, other = one_platform(), one_platform(layers=[b"other"])
    real.holds("org/rewritten", "1.0", image)
    mirroring.lock(f"{real.host}/org/rewritten:1.0")
    double.rewrites_manifests(other.top.body)
    problem = mirroring.to(double.host).problem
    assert problem is not None
    assert f"is {other.digest} there, not {image.digest}, right after it was put there." in problem


def test_an_upload_is_not_sent_to_another_machine_without_tls(
    real: OciRegistry, double: RegistryDouble, mirroring: Mirroring
) -> None:
    real.holds("org/away", "1.0", one_platform())
    mirroring.lock(f"{real.host}/org/away:1.0")
    double.sends_uploads_to("http://registry.example.com/upload")
    problem = mirroring.to(double.host).problem
    assert problem is not None
    assert "sends one to http://registry.example.com, without TLS. Nothing was sent there." in problem
