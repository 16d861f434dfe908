from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from doubles.programs import BINARY_SIZE, pulumi_that_answers, pulumi_that_counts_its_calls, pulumi_that_fails, script

from llmctl.infra.deployment.pulumi_cli.find import find_pulumi_cli, installed, search
from llmctl.infra.errors import PulumiCliMissing

NEW, OLD = "3.300.0", "3.100.0"


@pytest.mark.parametrize(
    ("explicit", "first_on_path", "second_on_path", "cached", "chosen"),
    [
        (NEW, NEW, None, NEW, "explicit"),
        (None, NEW, None, NEW, "path"),
        (None, OLD, NEW, NEW, "path"),
        (None, OLD, None, NEW, "cached"),
        (None, None, None, NEW, "cached"),
        (None, OLD, OLD, None, None),
        (None, None, None, None, None),
    ],
)
def test_the_first_place_with_a_new_enough_cli_wins(
    tmp_path: Path,
    cache: Path,
    explicit: str | None,
    first_on_path: str | None,
    second_on_path: str | None,
    cached: str | None,
    chosen: str | None,
) -> None:
    folders = {
        "explicit": (tmp_path / "explicit", explicit),
        "first": (tmp_path / "first", first_on_path),
        "second": (tmp_path / "second", second_on_path),
        "cached": (installed(cache).parent, cached),
    }
    for folder, version in folders.values():
        if version:
            pulumi_that_answers(folder, version)
    environ = {"PATH": f"{tmp_path / 'first'}{os.pathsep}{tmp_path / 'second'}"}
    if explicit:
        environ["LLMCTL_PULUMI"] = str(tmp_path / "explicit" / "pulumi")
    found = find_pulumi_cli(cache=cache, environ=environ)
    assert (found.way if found else None) == chosen
    assert found is None or found.version == NEW


def test_the_reason_names_what_was_passed_over(tmp_path: Path, cache: Path) -> None:
    old = pulumi_that_answers(tmp_path / "bin", OLD)
    pulumi_that_answers(installed(cache).parent, NEW)
    found = find_pulumi_cli(cache=cache, environ={"PATH": str(old.parent)})
    assert found is not None
    assert found.why == f"It was installed by llmctl before ({old} is {OLD}, older than 3.259.0)."


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["echo v3.100.0"], "is 3.100.0, older than 3.259.0"),
        (["echo hello"], "says its version is 'hello', which is none"),
        (["exit 3"], "fails on `version` with exit code 3"),
        ([], "says its version is '', which is none"),
    ],
    ids=["old", "no version", "fails", "silent"],
)
def test_an_explicit_cli_that_cannot_be_used_is_an_error(
    tmp_path: Path, cache: Path, lines: list[str], reason: str
) -> None:
    named = script(tmp_path / "mine" / "pulumi", *lines)
    environ = {"LLMCTL_PULUMI": str(named), "PATH": str(pulumi_that_answers(tmp_path / "bin", NEW).parent)}
    with pytest.raises(PulumiCliMissing) as refused:
        find_pulumi_cli(cache=cache, environ=environ)
    assert str(refused.value).startswith(f"LLMCTL_PULUMI: {named} {reason}. It must be a Pulumi CLI, 3.259.0 or newer")


@pytest.mark.parametrize("kind", ["missing", "directory", "not executable"])
def test_an_explicit_path_that_is_no_program_is_an_error(tmp_path: Path, cache: Path, kind: str) -> None:
    named = tmp_path / "pulumi"
    if kind == "directory":
        named.mkdir()
    elif kind == "not executable":
        named.write_text("#!/bin/sh\n")
    with pytest.raises(PulumiCliMissing, match=r"LLMCTL_PULUMI: .*pulumi cannot be (read|run)"):
        find_pulumi_cli(cache=cache, environ={"LLMCTL_PULUMI": str(named), "PATH": ""})


def test_a_broken_cli_on_path_is_passed_over(tmp_path: Path, cache: Path) -> None:
    broken, good = pulumi_that_fails(tmp_path / "a"), pulumi_that_answers(tmp_path / "b", NEW)
    looked = search(cache=cache, environ={"PATH": f"{broken.parent}{os.pathsep}{good.parent}"})
    assert looked.cli is not None
    assert looked.cli.path == good
    assert looked.misses == (f"{broken} fails on `version` with exit code 3",)


def _calls(log: Path) -> int:
    return len(log.read_text().splitlines())


def test_a_binary_is_asked_for_its_version_once(tmp_path: Path, cache: Path) -> None:
    binary = pulumi_that_counts_its_calls(tmp_path / "bin", NEW, tmp_path / "calls")
    environ = {"PATH": str(binary.parent)}
    found = [find_pulumi_cli(cache=cache, environ=environ) for _ in range(3)]
    assert found[0] == found[2]
    assert _calls(tmp_path / "calls") == 1


def test_a_replaced_binary_is_asked_again(tmp_path: Path, cache: Path) -> None:
    binary = pulumi_that_counts_its_calls(tmp_path / "bin", NEW, tmp_path / "calls")
    environ = {"PATH": str(binary.parent)}
    find_pulumi_cli(cache=cache, environ=environ)
    pulumi_that_counts_its_calls(tmp_path / "bin", "3.301.0", tmp_path / "calls", size=BINARY_SIZE + 1)
    found = find_pulumi_cli(cache=cache, environ=environ)
    assert found is not None
    assert found.version == "3.301.0"


def test_the_small_script_of_a_version_manager_is_asked_each_time(tmp_path: Path, cache: Path) -> None:
    shim = pulumi_that_counts_its_calls(tmp_path / "bin", NEW, tmp_path / "calls", size=0)
    for _ in range(2):
        find_pulumi_cli(cache=cache, environ={"PATH": str(shim.parent)})
    assert _calls(tmp_path / "calls") == 2


@pytest.mark.parametrize("memory", ["half of a fi", "[]", '"text"'])
def test_a_spoilt_memory_is_forgotten(tmp_path: Path, cache: Path, memory: str) -> None:
    file = cache / "pulumi" / "versions.json"
    file.parent.mkdir(parents=True)
    file.write_text(memory)
    binary = pulumi_that_answers(tmp_path / "bin", NEW, size=BINARY_SIZE)
    assert find_pulumi_cli(cache=cache, environ={"PATH": str(binary.parent)}) is not None


def test_the_cli_that_is_asked_writes_its_logs_into_the_cache(tmp_path: Path, cache: Path) -> None:
    script(tmp_path / "bin" / "pulumi", f'echo "$PULUMI_HOME" > {tmp_path / "home"}', f"echo v{NEW}")
    environ: Mapping[str, str] = {"PATH": str(tmp_path / "bin"), "PULUMI_HOME": "/somewhere/of/the/users"}
    find_pulumi_cli(cache=cache, environ=environ)
    assert (tmp_path / "home").read_text().strip() == str(cache / "pulumi" / "home")
