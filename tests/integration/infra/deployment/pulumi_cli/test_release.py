"""The download against a server on loopback. On this machine there is no Go, so a refused download ends the matter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from doubles.releases import Releases, archived
from drivers.screen import Screen

from llmctl.infra.deployment.pulumi_cli.archive import checksums_name
from llmctl.infra.deployment.pulumi_cli.install import ensure_pulumi_cli
from llmctl.infra.deployment.pulumi_cli.release import download_cli
from llmctl.infra.deployment.pulumi_cli.version import PINNED
from llmctl.infra.deployment.pulumi_cli.ways import WayClosed
from llmctl.infra.errors import PulumiCliMissing


def _refusal(cache: Path, environ: Mapping[str, str], screen: Screen) -> str:
    with pytest.raises(PulumiCliMissing) as refused:
        ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert _left_behind(cache) == {".lock"}, "a refused download leaves nothing"
    return str(refused.value)


def _left_behind(cache: Path) -> set[str]:
    return {str(path.relative_to(cache / "pulumi")) for path in (cache / "pulumi").rglob("*")}


def test_a_release_is_downloaded_and_checked(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    cli = ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert (cli.way, cli.version, cli.path) == ("downloaded", PINNED, cache / "pulumi" / PINNED / "bin" / "pulumi")
    assert cli.why == "The official release was downloaded (no pulumi is on PATH)."
    assert [step.fraction for step in screen.steps][-1] == 1.0
    fractions = [step.fraction for step in screen.steps if step.fraction is not None]
    assert fractions == sorted(fractions), "progress never runs backwards"


def test_an_official_release_gets_no_language_host_of_ours(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    cli = ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert sorted(path.name for path in cli.path.parent.iterdir()) == ["ballast", "pulumi"]


def test_the_second_time_nothing_is_asked_of_the_network(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    asked = len(releases.requests)
    again = ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert (again.way, len(releases.requests)) == ("cached", asked)


def test_a_wrong_checksum_is_refused_and_nothing_is_left(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    releases.lists_a_wrong_checksum()
    assert f"the published list says {'0' * 64}" in _refusal(cache, environ, screen)


def test_a_cut_connection_is_resumed_where_it_stopped(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    releases.cuts_the_connection_after(150_000)
    cli = ensure_pulumi_cli(cache=cache, environ=environ, progress=screen)
    assert cli.way == "downloaded"
    assert releases.requests[-1][1] == "bytes=150000-"
    assert "the connection was cut after 150,000 bytes; resumed where it stopped" in screen.details


def test_a_server_that_cannot_resume_starts_again(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    releases.cuts_the_connection_after(150_000)
    releases.cannot_resume()
    assert ensure_pulumi_cli(cache=cache, environ=environ, progress=screen).way == "downloaded"
    assert "started again, the server cannot resume" in screen.details


def test_a_connection_that_is_cut_again_and_again_is_continued_while_it_brings_something(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    releases.cuts_the_connection_after(50_000, times=6)
    assert ensure_pulumi_cli(cache=cache, environ=environ, progress=screen).way == "downloaded"


def test_connections_that_bring_nothing_end_the_download(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    releases.cuts_the_connection_after(0, times=99)
    assert "the connection was cut 3 times in a row" in _refusal(cache, environ, screen)


def test_a_missing_archive_is_explained(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    releases.lacks_the_archive()
    assert f"does not exist (404): the server has no release {PINNED} for this machine" in _refusal(
        cache, environ, screen
    )


def test_without_the_checksum_list_nothing_is_downloaded(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED)
    releases.lacks_the_checksum_list()
    assert f"{checksums_name()} does not exist (404)" in _refusal(cache, environ, screen)
    assert [path for path, _ in releases.requests] == [f"/{checksums_name()}"]


def test_an_archive_that_is_another_version_is_refused(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes(PINNED, answering="3.1.0")
    assert f"what came of it is Pulumi 3.1.0, not {PINNED}" in _refusal(cache, environ, screen)


def test_an_archive_without_the_program_is_refused(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    releases.publishes_archive(PINNED, archived({"pulumi/readme": b"nothing here"}))
    assert "what came of it cannot be run" in _refusal(cache, environ, screen)


def test_a_server_that_never_answers_is_given_up(tmp_path: Path, releases: Releases, screen: Screen) -> None:
    releases.never_answers()
    environ = {"LLMCTL_PULUMI_RELEASES": releases.address}
    with pytest.raises(WayClosed, match=r"did not answer within 0\.2 s"):
        download_cli(tmp_path, tmp_path, environ=environ, progress=screen, first_contact_s=0.2)


def test_a_server_that_is_not_there_is_named(cache: Path, environ: Mapping[str, str], screen: Screen) -> None:
    nobody = {**environ, "LLMCTL_PULUMI_RELEASES": "http://127.0.0.1:1/mirror/"}
    assert f"http://127.0.0.1:1/mirror/{checksums_name()} cannot be reached" in _refusal(cache, nobody, screen)


@pytest.mark.parametrize("address", ["mirror.example/pulumi", "ftp://mirror.example", "http://mirror:port", "https://"])
def test_a_mirror_that_is_no_web_address_is_named(
    cache: Path, environ: Mapping[str, str], screen: Screen, address: str
) -> None:
    wrong = {**environ, "LLMCTL_PULUMI_RELEASES": address}
    assert "LLMCTL_PULUMI_RELEASES is not a web address" in _refusal(cache, wrong, screen)


def test_the_password_of_a_mirror_is_shown_nowhere(
    cache: Path, environ: Mapping[str, str], screen: Screen, releases: Releases
) -> None:
    password = "-".join(["hunter", "2"])
    with_password = {**environ, "LLMCTL_PULUMI_RELEASES": releases.address.replace("//", f"//deploy:{password}@")}
    message = _refusal(cache, with_password, screen)
    assert "does not exist (404)" in message
    assert password not in message + screen.details
