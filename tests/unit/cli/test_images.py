"""`llmctl images`, as far as no registry is asked."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from drivers.terminal import Terminal

from llmctl.cli.application import Application
from llmctl.cli.views.images import mirror_view
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.images.lock_file import LockedImage, LockFile, OpenImage, write_lock_file
from llmctl.serving.images.manifest import INDEX_TYPES
from llmctl.serving.images.mirror_plan import plan_mirror
from llmctl.serving.images.reference import parse_reference

DIGEST = "sha256:" + "1" * 64
LOCKED = LockedImage(
    digest=DIGEST,
    media_type=INDEX_TYPES[0],
    platforms={"linux/amd64": DIGEST},
    registry="ghcr.io",
    date=date(2026, 11, 24),
)
OPEN = OpenImage(reason="ghcr.io was busy.", date=date(2026, 11, 23))


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.yaml").write_text("name: llmctl\n")
    return Terminal(tmp_path)


def lock_file(terminal: Terminal) -> Path:
    return terminal.directory / "stacks" / "images.lock.yaml"


def test_list_shows_what_is_locked_and_what_is_open_and_since_when(terminal: Terminal) -> None:
    write_lock_file(lock_file(terminal), LockFile({"ghcr.io/a/b:1": LOCKED, "ghcr.io/c/d:1": OPEN}))
    assert terminal.llmctl("images", "list") == 0
    assert terminal.out == (
        "IMAGE          STATE   DATE        DIGEST"
        "                                                                   PLATFORMS\n"
        f"ghcr.io/a/b:1  locked  2026-11-24  {DIGEST}  linux/amd64\n"
        "ghcr.io/c/d:1  open    2026-11-23  -\n\nopen: ghcr.io was busy.\n  ghcr.io/c/d:1\n"
    )


def test_list_with_json_is_one_document(terminal: Terminal) -> None:
    write_lock_file(lock_file(terminal), LockFile({"ghcr.io/a/b:1": LOCKED, "ghcr.io/c/d:1": OPEN}))
    assert terminal.llmctl("images", "list", "--json") == 0
    assert json.loads(terminal.out) == [
        {
            "reference": "ghcr.io/a/b:1",
            "digest": DIGEST,
            "mediaType": INDEX_TYPES[0],
            "platforms": {"linux/amd64": DIGEST},
            "registry": "ghcr.io",
            "date": "2026-11-24",
        },
        {"reference": "ghcr.io/c/d:1", "digest": None, "reason": "ghcr.io was busy.", "date": "2026-11-23"},
    ]


def test_an_image_that_an_engine_runs_and_nobody_locked_is_listed_as_open(terminal: Terminal) -> None:
    terminal.images = ["haproxy:3.0"]
    assert terminal.llmctl("images", "list", "--json") == 0
    assert json.loads(terminal.out) == [
        {
            "reference": "docker.io/library/haproxy:3.0",
            "digest": None,
            "reason": "never asked for; run: llmctl images lock",
            "date": None,
        }
    ]


def test_every_engine_runs_images_that_can_be_asked_for() -> None:
    references = Application().engine_images()
    assert len(references) >= len(ENGINES)
    assert [str(parse_reference(reference)) for reference in references] == references, "spelt in full"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["list"], "No image is locked. Lock one: llmctl images lock --image REF\n"),
        (["lock"], "There is no image to lock. Name one: llmctl images lock --image REF\n"),
    ],
)
def test_where_there_is_no_image_the_way_to_one_is_named(terminal: Terminal, command: list[str], said: str) -> None:
    assert terminal.llmctl("images", *command) == 0
    assert terminal.out == said
    assert not lock_file(terminal).exists()


MISTAKES = {
    "no reference": (
        ["lock", "--image", "ghcr.io/a/b:"],
        "'ghcr.io/a/b:' is no image reference: '' cannot be its tag.",
    ),
    "nothing to mirror": (
        ["mirror", "--to", "localhost:5000"],
        "No image is locked yet, so there is none to copy. Run: llmctl images lock",
    ),
}


@pytest.mark.parametrize(("command", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(terminal: Terminal, command: list[str], said: str) -> None:
    assert terminal.llmctl("images", *command) == 2
    assert terminal.err.startswith(f"Error: {said}")
    assert terminal.err.count("\n") == 1


@pytest.mark.parametrize("command", [["list"], ["lock"], ["mirror", "--to", "localhost:5000"]])
def test_a_broken_lock_file_is_one_line_and_exit_code_2(terminal: Terminal, command: list[str]) -> None:
    lock_file(terminal).write_text("images: []\n")
    assert terminal.llmctl("images", *command) == 2
    assert terminal.err == "Error: stacks/images.lock.yaml:1: images should be a map of keys and values.\n"


def test_an_open_image_is_named_beside_those_that_were_copied() -> None:
    view = mirror_view(plan_mirror(LockFile({"ghcr.io/c/d:1": OPEN}), "localhost:5000"), [])
    assert view.text == ["\nnot copied, no digest yet: ghcr.io was busy.\n  ghcr.io/c/d:1"]
