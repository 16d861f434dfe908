"""`llmctl images lock` and `mirror`, from one real registry to another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from drivers.oci_images import layout, one_platform, saved, several_platforms
from drivers.oci_registry import PASSWORD, OciRegistry, docker_login, oci_registry
from drivers.terminal import Terminal

from llmctl.serving.images.lock_file import read_lock_file

IMAGE = several_platforms({"linux/amd64": one_platform(), "linux/arm64": one_platform("linux/arm64")})


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OciRegistry]:
    with oci_registry(tmp_path_factory.mktemp("theirs")) as running:
        running.holds("org/engine", "1.0", IMAGE)
        yield running


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OciRegistry]:
    with oci_registry(tmp_path_factory.mktemp("ours"), htpasswd=True) as running:
        yield running


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ours: OciRegistry) -> Terminal:
    """In a project, logged in to our registry."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.yaml").write_text("name: llmctl\n")
    return Terminal(tmp_path, environ=docker_login(tmp_path / "docker", ours.host))


def test_an_image_is_locked_and_mirrored_and_both_are_shown(
    terminal: Terminal, theirs: OciRegistry, ours: OciRegistry
) -> None:
    reference = f"{theirs.host}/org/engine:1.0"
    assert terminal.llmctl("images", "lock", "--image", reference) == 0
    assert terminal.out.splitlines()[1].split() == [reference, "locked", IMAGE.digest]
    assert terminal.llmctl("images", "lock") == 0, "the lock file is what is asked for again"
    assert terminal.out.splitlines()[1].split() == [reference, "locked,", "as", "before", IMAGE.digest]

    assert terminal.llmctl("images", "mirror", "--to", f"{ours.host}/team") == 0
    size = sum(map(len, IMAGE.blobs.values()))
    sent = f"{reference}  {ours.host}/team/org/engine:1.0  copied, 3 of 3 layers sent ({size} B)  {IMAGE.digest}"
    assert terminal.out.splitlines()[1] == sent
    assert ours.has("team/org/engine", IMAGE)
    assert terminal.llmctl("images", "mirror", "--to", f"{ours.host}/team", "--json") == 0
    assert json.loads(terminal.out)["images"][0] == {
        "source": reference,
        "destination": f"{ours.host}/team/org/engine:1.0",
        "digest": IMAGE.digest,
        "layers": 0,
        "sentLayers": 0,
        "sentBytes": 0,
        "problem": None,
    }


def test_what_no_registry_answered_for_is_written_as_open_and_ends_with_1(
    terminal: Terminal, theirs: OciRegistry
) -> None:
    good, missing = f"{theirs.host}/org/engine:1.0", f"{theirs.host}/org/engine:2.0"
    assert terminal.llmctl("images", "lock", "--image", good, "--image", missing, "--json") == 1
    data = {each["reference"]: each for each in json.loads(terminal.out)}
    assert (data[good]["outcome"], data[missing]["outcome"]) == ("locked", "open")
    lock = read_lock_file(terminal.directory / "stacks" / "images.lock.yaml")
    assert (lock.digest(good), lock.digest(missing)) == (IMAGE.digest, None)
    assert {entry.date for entry in lock.images.values()} == {datetime.now(UTC).date()}
    assert terminal.llmctl("images", "list") == 0
    assert "open: " in terminal.out


def test_a_registry_that_lets_nobody_in_is_said_with_1_and_without_the_password(
    terminal: Terminal, theirs: OciRegistry, ours: OciRegistry
) -> None:
    terminal.llmctl("images", "lock", "--image", f"{theirs.host}/org/engine:1.0")
    docker_login(terminal.directory / "docker", ours.host, password=PASSWORD[::-1])
    assert terminal.llmctl("images", "mirror", "--to", f"{ours.host}/team") == 1
    assert "not copied" in terminal.out
    assert f"Log in: docker login {ours.host}" in terminal.out
    assert PASSWORD[::-1] not in terminal.out + terminal.err


def test_an_archive_is_pushed_and_the_reference_with_its_digest_is_shown(terminal: Terminal, ours: OciRegistry) -> None:
    saved(layout(IMAGE), terminal.directory / "image.tar")
    assert terminal.llmctl("images", "push", "image.tar", f"{ours.host}/team/server:1.0") == 0
    size = sum(map(len, IMAGE.blobs.values()))
    assert terminal.out == f"{ours.host}/team/server:1.0@{IMAGE.digest}\npushed, 3 of 3 layers sent ({size} B)\n"
    assert ours.has("team/server", IMAGE)
    assert terminal.llmctl("images", "push", "image.tar", f"{ours.host}/team/server:1.0", "--json") == 0
    assert json.loads(terminal.out) == {
        "image": f"{ours.host}/team/server:1.0@{IMAGE.digest}",
        "digest": IMAGE.digest,
        "layers": 0,
        "sentLayers": 0,
        "sentBytes": 0,
    }


def test_an_archive_that_is_none_ends_with_2_and_a_missing_one_with_1(terminal: Terminal, ours: OciRegistry) -> None:
    (terminal.directory / "image.tar").write_text("not a tar")
    assert terminal.llmctl("images", "push", "image.tar", f"{ours.host}/team/server:1.0") == 2
    assert "image.tar is no tar archive" in terminal.err
    assert terminal.llmctl("images", "push", "missing.tar", f"{ours.host}/team/server:1.0") == 1
    assert terminal.err.endswith("missing.tar: No such file or directory\n")
