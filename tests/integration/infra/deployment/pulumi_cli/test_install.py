"""One way after the other, alone, whole or not at all."""

from __future__ import annotations

import errno
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from doubles.programs import go_that_fails_with, go_that_is, go_that_takes_for_ever, pulumi_that_answers
from doubles.releases import Releases
from drivers.eventually import PATIENCE_S, eventually
from drivers.screen import Screen

from llmctl.infra.deployment.pulumi_cli.find import installed
from llmctl.infra.deployment.pulumi_cli.install import ensure_pulumi_cli
from llmctl.infra.deployment.pulumi_cli.version import PINNED
from llmctl.infra.deployment.pulumi_cli.ways import Progress, Step
from llmctl.infra.errors import PulumiCliMissing


def _go(environ: Mapping[str, str]) -> Path:
    return Path(environ["PATH"])


def test_every_closed_way_is_named_and_what_to_do_by_hand(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    old = pulumi_that_answers(Path(environ["PATH"]), "3.100.0")
    with pytest.raises(PulumiCliMissing) as refused:
        ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    first, *reasons, by_hand = str(refused.value).splitlines()
    assert first == f"No Pulumi CLI {PINNED}:"
    assert reasons == [
        f"  {old} is 3.100.0, older than {PINNED}",
        f"  not downloaded: {releases.address}/pulumi-{PINNED}-checksums.txt does not exist (404): "
        f"the server has no release {PINNED} for this machine",
        "  not built: go is not on PATH",
    ]
    assert "LLMCTL_PULUMI" in by_hand


def test_a_go_that_is_too_old_is_named(cache: Path, environ: Mapping[str, str], screen: Screen) -> None:
    go = go_that_is(_go(environ), "1.22.4")
    with pytest.raises(PulumiCliMissing, match=rf"not built: {go} is Go 1\.22, and Pulumi {PINNED} needs 1\.26"):
        ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("write /x/y.a: no space left on device", "the disk is full"),
        ("dial tcp: lookup proxy.example: no such host", "`go list` failed: dial tcp: lookup proxy.example"),
    ],
    ids=["disk full", "no network"],
)
def test_what_stopped_go_is_named(
    cache: Path, environ: Mapping[str, str], screen: Screen, words: str, reason: str
) -> None:
    go_that_fails_with(_go(environ), words)
    with pytest.raises(PulumiCliMissing, match=f"not built: {reason}"):
        ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)


def test_the_password_of_a_module_proxy_is_shown_nowhere(
    cache: Path, environ: Mapping[str, str], screen: Screen
) -> None:
    password = "-".join(["hunter", "2"])
    go_that_fails_with(_go(environ), f"Get https://deploy:{password}@proxy.example/: 403")
    with pytest.raises(PulumiCliMissing) as refused:
        ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert "proxy.example" in str(refused.value)
    assert password not in str(refused.value) + screen.details


def test_two_at_once_download_once(cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases) -> None:
    releases.publishes(PINNED)
    with ThreadPoolExecutor(4) as pool:
        started = [pool.submit(ensure_pulumi_cli, cache=cache, environ=environ, progress=screen) for _ in range(4)]
        ways = sorted(one.result().way for one in started)
    assert ways == ["cached", "cached", "cached", "downloaded"]
    assert len([path for path, _ in releases.requests if path.endswith(".tar.gz")]) == 1


def test_a_killed_installation_leaves_nothing_in_the_way(
    tmp_path: Path, cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from llmctl.infra.deployment.pulumi_cli.install import ensure_pulumi_cli\n"
        "def kill(step):\n"
        "    if 'unpacking' in step.detail: os.kill(os.getpid(), signal.SIGKILL)\n"
        "ensure_pulumi_cli(cache=Path(sys.argv[1]), environ=dict(os.environ), progress=kill)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(cache)], env={**environ}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list((cache / "pulumi").glob(".staging-*")), "it was killed in the middle"
    cli = ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert cli.way == "downloaded"
    assert not list((cache / "pulumi").glob(".staging-*"))


def test_ctrl_c_ends_the_build_and_leaves_nothing(tmp_path: Path, cache: Path, environ: Mapping[str, str]) -> None:
    go_that_takes_for_ever(_go(environ), note=tmp_path / "go-pid")
    program = (
        "import os, sys; from pathlib import Path\n"
        "from llmctl.infra.deployment.pulumi_cli.install import ensure_pulumi_cli\n"
        "ensure_pulumi_cli(cache=Path(sys.argv[1]), environ=dict(os.environ), progress=lambda step: None)\n"
    )
    llmctl = subprocess.Popen([sys.executable, "-c", program, str(cache)], env={**environ}, stderr=subprocess.PIPE)
    eventually(lambda: (tmp_path / "go-pid").exists(), "the build has begun")
    llmctl.send_signal(signal.SIGINT)
    _, words = llmctl.communicate(timeout=PATIENCE_S)
    assert words.strip().endswith(b"KeyboardInterrupt")
    assert not psutil.pid_exists(int((tmp_path / "go-pid").read_text()))
    assert {path.name for path in (cache / "pulumi").iterdir()} == {".lock"}


def test_a_broken_cli_in_the_cache_is_replaced(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    broken = installed(cache)
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"half a binary")
    cli = ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert (cli.way, cli.path) == ("downloaded", broken)
    assert f"{broken} cannot be run" in cli.why


def test_a_second_caller_says_that_it_waits(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    first = Screen()
    with ThreadPoolExecutor(2) as pool:

        def start_the_second(step: object) -> None:
            first(step)  # type: ignore[arg-type]
            if len(first.steps) == 1:
                second.append(pool.submit(ensure_pulumi_cli, cache=cache, environ=environ, progress=screen))
                eventually(lambda: screen.steps, "the second waits")

        second: list[object] = []
        ensure_pulumi_cli(cache=cache, environ=environ, progress=start_the_second)
        assert second[0].result().way == "cached"  # type: ignore[attr-defined]
    assert screen.details == "Waiting: another llmctl is installing the Pulumi CLI"


def test_a_cache_that_cannot_be_written_is_named(environ: Mapping[str, str], screen: Screen, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PulumiCliMissing, match=r"Cannot keep a Pulumi CLI in .*file/pulumi: Not a directory"):
        ensure_pulumi_cli(cache=tmp_path / "file", environ=environ, progress=screen)


def _when_unpacking(error: OSError) -> Progress:
    def fail(step: Step) -> None:
        if "unpacking" in step.detail:
            raise error

    return fail


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/x/pulumi"), "not downloaded: the disk is full"),
        (
            OSError(errno.EROFS, "Read-only file system", "/x/pulumi"),
            "not downloaded: /x/pulumi: Read-only file system",
        ),
    ],
    ids=["full", "read-only"],
)
def test_a_disk_that_takes_nothing_more_is_named_and_nothing_is_left(
    cache: Path, environ: Mapping[str, str], releases: Releases, error: OSError, reason: str
) -> None:
    releases.publishes(PINNED)
    with pytest.raises(PulumiCliMissing, match=reason):
        ensure_pulumi_cli(cache=cache, environ=environ, progress=_when_unpacking(error))
    assert {path.name for path in (cache / "pulumi").iterdir()} == {".lock"}


def test_a_reader_that_went_away_is_not_taken_for_a_broken_disk(
    cache: Path, environ: Mapping[str, str], releases: Releases
) -> None:
    releases.publishes(PINNED)
    with pytest.raises(BrokenPipeError):
        ensure_pulumi_cli(cache=cache, environ=environ, progress=_when_unpacking(BrokenPipeError()))


def test_go_caches_of_an_interrupted_build_go_away_with_the_next_success(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    (cache / "pulumi" / "go" / "mod").mkdir(parents=True)
    releases.publishes(PINNED)
    ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert {path.name for path in (cache / "pulumi").iterdir()} - {"home"} == {".lock", PINNED}
