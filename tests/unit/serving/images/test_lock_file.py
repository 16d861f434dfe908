from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import InvalidImage
from llmctl.serving.images.lock_file import LockedImage, LockFile, OpenImage, read_lock_file, write_lock_file
from llmctl.serving.images.manifest import INDEX_TYPES, MANIFEST_TYPES
from llmctl.serving.images.reference import ALLOWED, DIGEST

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
REFERENCE = "ghcr.io/org/model:1.0"
LOCKED = LockedImage(
    digest=ONE,
    media_type=INDEX_TYPES[0],
    platforms={"linux/arm64": TWO, "linux/amd64": ONE},
    registry="ghcr.io",
    date=date(2026, 11, 24),
)
OPEN = OpenImage(reason="ghcr.io: refused, 'because'", date=date(2026, 11, 25))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "images.lock.yaml"


def test_the_file_is_sorted_and_says_what_it_is(file: Path) -> None:
    write_lock_file(file, LockFile({"ghcr.io/org/other:1.0": OPEN, REFERENCE: LOCKED}))
    assert (
        file.read_text()
        == f"""\
# Written by `llmctl images lock`, and by nothing else: every digest here is a registry's answer, with the day it came.
# `digest: null` is an image for which no registry has given one; `reason` says why. Commit this file.
images:
  ghcr.io/org/model:1.0:
    digest: {ONE}
    mediaType: application/vnd.oci.image.index.v1+json
    platforms:
      linux/amd64: {ONE}
      linux/arm64: {TWO}
    registry: ghcr.io
    date: 2026-11-24
  ghcr.io/org/other:1.0:
    digest: null
    reason: 'ghcr.io: refused, ''because'''
    date: 2026-11-25
"""
    )


DIGESTS = st.from_regex(DIGEST, fullmatch=True)
DATES = st.dates()
ENTRIES = st.builds(
    LockedImage,
    digest=DIGESTS,
    media_type=st.sampled_from((*INDEX_TYPES, *MANIFEST_TYPES)),
    platforms=st.dictionaries(st.sampled_from(["linux/amd64", "linux/arm64/v8", "windows/amd64"]), DIGESTS),
    registry=st.sampled_from(["ghcr.io", "localhost:5000", "[::1]:80"]),
    date=DATES,
) | st.builds(OpenImage, reason=st.text(st.characters(codec="utf-8"), min_size=1), date=DATES)


@given(entries=st.dictionaries(st.sampled_from([REFERENCE, "docker.io/library/a:2", f"localhost/a@{ONE}"]), ENTRIES))
def test_what_is_written_is_read_again(file: Path, entries: dict[str, LockedImage | OpenImage]) -> None:
    write_lock_file(file, LockFile(entries))
    assert read_lock_file(file).images == entries


def test_without_a_file_nothing_is_locked(file: Path) -> None:
    assert read_lock_file(file).images == {}


def test_an_image_is_found_in_any_spelling() -> None:
    lock = LockFile({"docker.io/library/haproxy:3.0": LOCKED, REFERENCE: OPEN})
    assert lock.digest("haproxy:3.0") == lock.digest("docker.io/haproxy:3.0") == ONE
    assert lock.digest(REFERENCE) is None
    assert lock.find("haproxy:2.9") is None


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(file: Path) -> None:
    write_lock_file(file, LockFile({REFERENCE: LOCKED}))
    before = file.read_text()
    impossible = OpenImage(reason=object(), date=date(2026, 1, 1))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="cannot represent an object"):
        write_lock_file(file, LockFile({REFERENCE: impossible}))
    assert file.read_text() == before
    assert list(file.parent.iterdir()) == [file]


def entry(**changes: str | None) -> str:
    """A locked entry; a change to None takes the line out. The entry's own lines are 3 to 7 of the file."""
    lines = {
        "digest": ONE,
        "mediaType": INDEX_TYPES[0],
        "platforms": f"{{linux/amd64: {TWO}}}",
        "registry": "ghcr.io",
        "date": "2026-11-24",
    }
    kept = {key: value for key, value in {**lines, **changes}.items() if value is not None}
    return f"images:\n  {REFERENCE}:\n" + "".join(f"    {key}: {value}\n" for key, value in kept.items())


SHAPE = "allowed: sha256:64-HEX-DIGITS, as `llmctl images lock` writes it"
NEEDED = "digest, mediaType, platforms, registry, date"
MISTAKES = {
    "a short digest": (entry(digest="sha256:abc"), f"3: digest is 'sha256:abc'; {SHAPE}."),
    "a digest that is a list": (entry(digest="[]"), f"3: digest is None; {SHAPE}."),
    "a digest in capitals": (entry(digest="sha256:" + "A" * 64), f"3: digest is 'sha256:{'A' * 64}'; {SHAPE}."),
    "a platform's digest": (entry(platforms="{linux/amd64: latest}"), f"5: linux/amd64 is 'latest'; {SHAPE}."),
    "no platform": (
        entry(platforms=f"{{amd64: {ONE}}}"),
        "5: 'amd64' is no platform; allowed: OS/ARCHITECTURE, such as linux/amd64.",
    ),
    "platforms as a list": (entry(platforms="[linux/amd64]"), "5: platforms should be a map of keys and values."),
    "an unknown type": (
        entry(mediaType="text/html"),
        f"4: mediaType is 'text/html'; allowed: {', '.join((*INDEX_TYPES, *MANIFEST_TYPES))}.",
    ),
    "no day": (entry(date="yesterday"), "7: date is 'yesterday'; allowed: a day, such as 2026-01-31."),
    "an empty registry": (entry(registry=""), "6: registry should be a word or a sentence."),
    "no date": (entry(date=None), f"2: {REFERENCE} has no date; needed: {NEEDED}."),
    "no digest": (
        entry(digest=None),
        f"2: {REFERENCE} has no digest; allowed: sha256:64-HEX-DIGITS, or null with a reason.",
    ),
    "an open entry without a reason": (
        f"images:\n  {REFERENCE}: {{digest: null, date: 2026-01-01}}\n",
        f"2: {REFERENCE} has no reason; needed: digest, reason, date.",
    ),
    "a misspelt key": (entry(plattforms="{}"), f"8: plattforms is not a key of {REFERENCE}; allowed: {NEEDED}."),
    "a key twice": (
        entry() + "    digest: null\n",
        "8: digest stands there twice (also in line 3); keep one.",
    ),
    "an image twice": (
        entry() + f"  {REFERENCE}:\n    digest: null\n",
        f"8: {REFERENCE} stands there twice (also in line 2); keep one.",
    ),
    "a short spelling": (
        "images:\n  haproxy: {digest: null, reason: x, date: 2026-01-01}\n",
        "2: haproxy should be spelt in full: docker.io/library/haproxy:latest.",
    ),
    "no image": (
        "images:\n  A B: {}\n",
        f"2: 'A B' is no image reference: 'library/A B' cannot be its repository. Allowed: {ALLOWED}.",
    ),
    "an entry that is a word": (
        f"images:\n  {REFERENCE}: locked\n",
        f"2: {REFERENCE} should be a map of keys and values.",
    ),
    "a list": ("- a\n", "1: the file should be a map of keys and values."),
    "an empty file": ("", "1: the file should be a map of keys and values."),
    "another key on top": ("image: {}\n", "1: image is not a key of the file; allowed: images."),
    "nothing on top": ("{}\n", "1: the file has no images; needed: images."),
    "broken YAML": ("images:\n  a: {b: 1\nc: ]", "3: not valid YAML: expected ',' or '}', but got ':'."),
    "two documents": ("images: {}\n---\nimages: {}\n", "2: not valid YAML: but found another document."),
    "a tag that runs code": (
        entry(registry="!!python/object/apply:os.system [x]"),
        "6: registry should be a word or a sentence.",
    ),
}


@pytest.mark.parametrize(("text", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_with_file_and_line(file: Path, text: str, mistake: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidImage) as caught:
        read_lock_file(file)
    assert str(caught.value) == f"images.lock.yaml:{mistake}"


def test_a_file_that_is_no_text_is_said(file: Path) -> None:
    file.write_bytes(b"images:\xff")
    with pytest.raises(InvalidImage, match="not UTF-8 text at byte 7"):
        read_lock_file(file)
