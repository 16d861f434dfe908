"""Which Python the placed script starts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from doubles.programs import script

from llmctl.infra.deployment.pulumi_cli.language_host_script import (
    own_language_host,
    place_language_host,
    refresh_language_host,
)

MODULE = "llmctl.infra.deployment.pulumi_cli.language_host"


def _python(path: Path) -> Path:
    return script(path, f'echo "{path} $*"')


def _started(host: Path, *path: Path) -> str:
    environ = {"PATH": os.pathsep.join([*map(str, path), "/usr/bin", "/bin"])}
    return subprocess.run([host, "127.0.0.1:9"], env=environ, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Placed by an llmctl whose environment is in `old`."""
    (tmp_path / "bin").mkdir()
    return place_language_host(tmp_path / "bin", python=_python(tmp_path / "old" / "python3"))


def test_it_is_the_python_beside_llmctl_on_path(tmp_path: Path, host: Path) -> None:
    script(tmp_path / "venv" / "llmctl")
    python = _python(tmp_path / "venv" / "python3")
    assert _started(host, tmp_path / "venv") == f"{python} -P -u -m {MODULE} 127.0.0.1:9"


def test_a_link_to_llmctl_is_followed_into_its_environment(tmp_path: Path, host: Path) -> None:
    script(tmp_path / "tools" / "llmctl")
    python = _python(tmp_path / "tools" / "python3")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "llmctl").symlink_to(tmp_path / "tools" / "llmctl")
    assert _started(host, tmp_path / "local").startswith(str(python))


def test_without_llmctl_on_path_it_is_the_python_that_placed_it(tmp_path: Path, host: Path) -> None:
    assert _started(host).startswith(str(tmp_path / "old" / "python3"))


def test_with_neither_it_says_what_to_do(tmp_path: Path, host: Path) -> None:
    (tmp_path / "old" / "python3").unlink()
    failed = subprocess.run([host], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "put its environment's bin directory on PATH, or run: llmctl setup" in failed.stderr


def test_a_path_with_spaces_and_quotes_is_kept_whole(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    python = _python(tmp_path / "it's a venv" / "python3")
    assert _started(place_language_host(tmp_path / "bin", python=python)).startswith(str(python))


def test_a_script_of_an_older_environment_is_refreshed(host: Path) -> None:
    before = host.read_text()
    refresh_language_host(host.parent)
    assert host.read_text() != before
    assert own_language_host(host.parent) == host
    assert [path.name for path in host.parent.iterdir()] == [host.name]


@pytest.mark.parametrize("official", [b"\x7fELF\x02\x01 an official host", b"#!/bin/sh\nexec something\n"])
def test_a_host_that_llmctl_did_not_write_is_left_alone(tmp_path: Path, official: bytes) -> None:
    theirs = tmp_path / "pulumi-language-python"
    theirs.write_bytes(official)
    refresh_language_host(tmp_path)
    assert theirs.read_bytes() == official
    assert own_language_host(tmp_path) is None


def test_where_there_is_none_none_is_placed(tmp_path: Path) -> None:
    refresh_language_host(tmp_path)
    assert list(tmp_path.iterdir()) == []
