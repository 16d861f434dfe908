"""The real Pulumi CLI fetches plugins from a server on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from doubles.programs import script
from doubles.releases import Releases
from drivers.screen import Screen

from llmctl.infra.deployment.pulumi_cli.plugins import Plugin, PluginCheck, ensure_plugins
from llmctl.infra.deployment.pulumi_cli.setup import setup
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli
from llmctl.infra.errors import PluginMissing

AWS, RANDOM = Plugin("aws", "7.9.0"), Plugin("random", "4.18.2")


@pytest.fixture
def home(tmp_path: Path, releases: Releases) -> Mapping[str, str]:
    """An empty PULUMI_HOME, for which every plugin comes from the server on loopback."""
    everything_from = f"^.*$={releases.address}"
    return {
        "PATH": "/usr/bin:/bin",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES": everything_from,
    }


def test_a_missing_plugin_is_fetched_and_a_present_one_is_not(
    real_pulumi: PulumiCli, home: Mapping[str, str], releases: Releases, screen: Screen
) -> None:
    releases.publishes_plugin("aws", "7.9.0")
    first = ensure_plugins(real_pulumi, [AWS], environ=home, progress=screen)
    assert first == (PluginCheck(plugin=AWS, way="fetched"),)
    assert [(step.detail, step.fraction) for step in screen.steps] == [("aws 7.9.0", 0.0)]
    asked = len(releases.requests)
    releases.publishes_plugin("random", "4.18.2")
    second = ensure_plugins(real_pulumi, [AWS, RANDOM], environ=home, progress=screen)
    assert [check.way for check in second] == ["present", "fetched"]
    assert not any("-aws-" in path for path, _ in releases.requests[asked:])


def test_another_version_does_not_count_as_present(
    real_pulumi: PulumiCli, home: Mapping[str, str], releases: Releases, screen: Screen
) -> None:
    releases.publishes_plugin("aws", "7.8.0")
    releases.publishes_plugin("aws", "7.9.0")
    ensure_plugins(real_pulumi, [Plugin("aws", "7.8.0")], environ=home, progress=screen)
    assert ensure_plugins(real_pulumi, [AWS], environ=home, progress=screen)[0].way == "fetched"
    assert "pulumi-resource-aws-v7.9.0-" in releases.requests[-1][0]


def test_a_plugin_that_nobody_publishes_is_named_with_the_command_to_run_by_hand(
    real_pulumi: PulumiCli, home: Mapping[str, str], releases: Releases, screen: Screen
) -> None:
    with pytest.raises(PluginMissing) as refused:
        ensure_plugins(real_pulumi, [AWS], environ=home, progress=screen)
    assert str(refused.value).startswith("The Pulumi plugin aws 7.9.0 could not be fetched: ")
    assert "404" in str(refused.value)
    assert "By hand: pulumi plugin install resource aws 7.9.0" in str(refused.value)


def test_a_plugin_that_is_not_there_after_all_is_missing(tmp_path: Path, screen: Screen) -> None:
    forgetful = script(tmp_path / "pulumi", 'if [ "$2" = ls ]; then echo "[]"; fi')
    cli = PulumiCli(path=forgetful, version="3.259.0", way="path", why="")
    with pytest.raises(PluginMissing, match=r"aws 7\.9\.0 was fetched, but `pulumi plugin ls` does not list it"):
        ensure_plugins(cli, [AWS], environ={"PATH": "/usr/bin:/bin"}, progress=screen)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["echo 'error: disk on fire' >&2", "exit 255"], "cannot list its plugins: disk on fire"),
        (["echo No plugins found"], "does not list its plugins as JSON: 'No plugins found"),
    ],
    ids=["fails", "other words"],
)
def test_a_cli_that_cannot_list_its_plugins_is_named(
    tmp_path: Path, screen: Screen, lines: list[str], reason: str
) -> None:
    broken = script(tmp_path / "pulumi", *lines)
    cli = PulumiCli(path=broken, version="3.259.0", way="path", why="")
    with pytest.raises(PluginMissing, match=reason):
        ensure_plugins(cli, [AWS], environ={"PATH": "/usr/bin:/bin"}, progress=screen)


def test_the_password_of_a_plugin_mirror_is_shown_nowhere(
    real_pulumi: PulumiCli, home: Mapping[str, str], releases: Releases, screen: Screen
) -> None:
    password = "-".join(["hunter", "2"])
    mirror = releases.address.replace("//", f"//deploy:{password}@")
    environ = {**home, "PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES": f"^.*$={mirror}"}
    with pytest.raises(PluginMissing) as refused:
        ensure_plugins(real_pulumi, [AWS], environ=environ, progress=screen)
    assert password not in str(refused.value) + screen.details


def test_setup_reports_everything_at_once(
    real_pulumi: PulumiCli, home: Mapping[str, str], releases: Releases, cache: Path, screen: Screen
) -> None:
    releases.publishes_plugin("aws", "7.9.0")
    environ = {**home, "LLMCTL_PULUMI": str(real_pulumi.path)}
    report = setup(cache=cache, environ=environ, progress=screen, plugins=[AWS])
    assert (report.cli.way, report.cli.path) == ("explicit", real_pulumi.path)
    assert report.plugins == (PluginCheck(plugin=AWS, way="fetched"),)


def test_a_local_stack_needs_no_plugin_and_nothing_is_asked(tmp_path: Path, cache: Path, screen: Screen) -> None:
    pulumi = script(tmp_path / "pulumi", f"echo \"$*\" >> '{tmp_path / 'asked'}'", "echo v3.300.0")
    report = setup(cache=cache, environ={"LLMCTL_PULUMI": str(pulumi), "PATH": "/usr/bin:/bin"}, progress=screen)
    assert (report.plugins, report.language_host) == ((), None)
    assert (tmp_path / "asked").read_text() == "version\n"
