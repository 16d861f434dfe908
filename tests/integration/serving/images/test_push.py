"""Images out of archives into the distribution project's registry."""

from __future__ import annotations

from pathlib import Path

import pytest
from drivers.oci_images import layout, noise, one_platform, saved, several_platforms
from drivers.oci_registry import OciRegistry

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.push import Pushed, push
from llmctl.serving.images.registry import Registries

IMAGES = {
    "one platform": one_platform(layers=[noise(200_000), b"small"]),
    "Docker's media types": one_platform(layers=[noise(100_000)], docker=True),
    "several platforms": several_platforms({"linux/amd64": one_platform(), "linux/arm64": one_platform("linux/arm64")}),
    "with attestations": several_platforms({"linux/amd64": one_platform()}, attested=True),
}
IMAGE = IMAGES["one platform"]


class Pushing:
    def __init__(self, registries: Registries) -> None:
        self._registries = registries
        self.progress: list[tuple[int, int]] = []

    def __call__(self, archive: Path, to: str) -> Pushed:
        return push(archive, to, registries=self._registries, progress=lambda *now: self.progress.append(now))


@pytest.fixture
def pushing(registries: Registries) -> Pushing:
    return Pushing(registries)


@pytest.mark.parametrize("kind", IMAGES)
@pytest.mark.parametrize("prefix", ["", "./"], ids=["as Docker saves", "as tar saves a directory"])
def test_an_image_has_the_same_digest_in_the_registry(
    pushing: Pushing, real: OciRegistry, tmp_path: Path, kind: str, prefix: str
) -> None:
    image, repository = IMAGES[kind], f"pushed/{kind.replace(' ', '-').replace(chr(39), '').lower()}{len(prefix)}"
    archive = saved(layout(image), tmp_path / "image.tar", prefix=prefix)
    done = pushing(archive, f"{real.host}/{repository}:1.0")
    assert done.digest == image.digest
    assert real.has(repository, image)
    assert real.tags(repository) == ["1.0"]
    assert done.sent == done.layers == len(image.blobs)
    assert pushing.progress[-1] == (done.sent_bytes, done.sent_bytes)


def test_pushing_again_sends_nothing_and_another_tag_no_layer(
    pushing: Pushing, real: OciRegistry, tmp_path: Path
) -> None:
    archive = saved(layout(IMAGE), tmp_path / "image.tar")
    pushing(archive, f"{real.host}/pushed/again:1.0")
    begun = real.uploads()
    again = pushing(archive, f"{real.host}/pushed/again:1.0")
    other = pushing(archive, f"{real.host}/pushed/again:2.0")
    assert (again.layers, again.sent, other.sent) == (0, 0, 0)
    assert real.uploads() == begun
    assert sorted(real.tags("pushed/again")) == ["1.0", "2.0"]


def damaged(part: str) -> dict[str, bytes]:
    members = layout(IMAGE)
    digest = IMAGE.digest if part == "manifest" else IMAGE.layers[0]
    path = f"blobs/{digest.replace(':', '/')}"
    return {**members, path: members[path].replace(members[path][:4], b"####", 1)}


REFUSED = {
    "a damaged layer": (damaged("layer"), f"the layer {IMAGE.layers[0]} is damaged"),
    "a damaged manifest": (damaged("manifest"), f"the manifest {IMAGE.digest} is damaged"),
    "no index": ({"manifest.json": b"[]"}, "is no image in the OCI layout: it has no index.json"),
    "an index that is none": ({"index.json": b"{}"}, "index.json in"),
    "two images": (layout(IMAGE, spare=IMAGES["with attestations"]), "holds 2 images, not one"),
    "a missing layer": (
        {name: content for name, content in layout(IMAGE).items() if IMAGE.layers[0][7:] not in name},
        f"it has no blobs/sha256/{IMAGE.layers[0][7:]}",
    ),
}


@pytest.mark.parametrize(("members", "says"), REFUSED.values(), ids=REFUSED)
def test_an_archive_that_is_not_whole_is_refused_and_gets_no_tag(
    pushing: Pushing, real: OciRegistry, tmp_path: Path, members: dict[str, bytes], says: str
) -> None:
    with pytest.raises(InvalidImage) as refusal:
        pushing(saved(members, tmp_path / "image.tar"), f"{real.host}/pushed/refused:1.0")
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert real.tags("pushed/refused") == []


def test_what_is_no_archive_and_what_is_no_place_is_said(pushing: Pushing, real: OciRegistry, tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(b"not a tar")
    with pytest.raises(InvalidImage, match=r"image\.tar is no tar archive"):
        pushing(tmp_path / "image.tar", f"{real.host}/pushed/x:1.0")
    archive = saved(layout(IMAGE), tmp_path / "image.tar")
    with pytest.raises(InvalidImage, match="holds a digest, which the image brings along"):
        pushing(archive, f"{real.host}/pushed/x@{IMAGE.digest}")
