from __future__ import annotations

from datetime import date

import pytest

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.lock_file import LockedImage, LockFile, OpenImage
from llmctl.serving.images.manifest import INDEX_TYPES
from llmctl.serving.images.mirror_plan import MirrorPlan, plan_mirror

INDEX, AMD = "sha256:" + "1" * 64, "sha256:" + "2" * 64
DAY = date(2026, 11, 24)


def locked(digest: str = INDEX) -> LockedImage:
    return LockedImage(
        digest=digest, media_type=INDEX_TYPES[0], platforms={"linux/amd64": AMD}, registry="ghcr.io", date=DAY
    )


ENGINE, GATEWAY = "ghcr.io/org/engine:1.0", "docker.io/library/haproxy:3.0"
LOCK = LockFile({ENGINE: locked(), GATEWAY: locked()})


def destinations(plan: MirrorPlan) -> dict[str, str]:
    return {str(copy.source): str(copy.destination) for copy in plan.copies}


def test_every_locked_image_keeps_its_repository_below_the_new_place() -> None:
    assert destinations(plan_mirror(LOCK, "registry.example.com/team")) == {
        ENGINE: "registry.example.com/team/org/engine:1.0",
        GATEWAY: "registry.example.com/team/library/haproxy:3.0",
    }


@pytest.mark.parametrize("to", ["localhost:5000", "localhost:5000/"])
def test_a_place_may_be_a_whole_registry(to: str) -> None:
    assert destinations(plan_mirror(LOCK, to))[ENGINE] == "localhost:5000/org/engine:1.0"


def test_only_some_are_copied_in_any_spelling() -> None:
    assert list(destinations(plan_mirror(LOCK, "localhost:5000", only=["haproxy:3.0"]))) == [GATEWAY]


def test_one_platform_goes_by_its_own_digest() -> None:
    plan = plan_mirror(LOCK, "localhost:5000", platform="linux/amd64")
    assert {copy.digest for copy in plan.copies} == {AMD}


def test_an_image_without_a_tag_is_copied_under_its_digest() -> None:
    plan = plan_mirror(LockFile({f"ghcr.io/a@{INDEX}": locked()}), "localhost:5000", platform="linux/amd64")
    assert destinations(plan) == {f"ghcr.io/a@{INDEX}": f"localhost:5000/a@{AMD}"}


def test_an_open_image_is_not_copied_and_is_named() -> None:
    plan = plan_mirror(LockFile({ENGINE: locked(), GATEWAY: OpenImage(reason="busy", date=DAY)}), "localhost:5000")
    assert list(destinations(plan)) == [ENGINE]
    assert plan.open == {GATEWAY: "busy"}


def test_the_same_content_at_the_same_place_is_copied_once() -> None:
    lock = LockFile({"ghcr.io/a/b:1": locked(), "docker.io/a/b:1": locked()})
    assert len(plan_mirror(lock, "localhost:5000").copies) == 1


MISTAKES = {
    "two images for one place": (
        LockFile({"ghcr.io/a/b:1": locked(), "docker.io/a/b:1": locked(AMD)}),
        {},
        "docker.io/a/b:1 and ghcr.io/a/b:1 would both become localhost:5000/a/b:1. "
        "Copy them to two places: --image names one.",
    ),
    "an image that is not locked": (
        LOCK,
        {"only": ["ghcr.io/x:1"]},
        "ghcr.io/x:1 is not in the lock file. Lock it first: llmctl images lock --image ghcr.io/x:1",
    ),
    "a platform that is not there": (
        LOCK,
        {"platform": "linux/s390x"},
        f"{GATEWAY} is locked without linux/s390x. Its platforms: linux/amd64.",
    ),
    "nothing": (LockFile(), {}, "No image is locked yet, so there is none to copy. Run: llmctl images lock"),
}


@pytest.mark.parametrize(("lock", "options", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found_before_anything_is_copied(lock: LockFile, options: dict[str, str], mistake: str) -> None:
    with pytest.raises(InvalidImage) as caught:
        plan_mirror(lock, "localhost:5000", **options)  # type: ignore[arg-type]
    assert str(caught.value) == mistake


@pytest.mark.parametrize(
    "to",
    [
        "",
        "team",
        "team/path",
        "https://registry.example.com",
        "registry.example.com/Team",
        "a.b/c:1",
        "a.b/c@d",
        "a.b//c",
    ],
)
def test_a_destination_that_is_none_is_said(to: str) -> None:
    with pytest.raises(InvalidImage, match=r"is no place for images\. Allowed: HOST or HOST/PATH"):
        plan_mirror(LOCK, to)
