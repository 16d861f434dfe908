"""Provider plugins (aws, gcp, kubernetes), fetched ahead by Pulumi's own mechanism and then checked.

Stacks with the target `local` need none: llmctl's own provider is found through Pulumi.yaml.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

from llmctl.infra.deployment.pulumi_cli.ways import Progress, PulumiCli, Step
from llmctl.infra.errors import PluginMissing


@dataclass(frozen=True)
class Plugin:
    name: str
    version: str
    """Without the leading v."""


@dataclass(frozen=True, kw_only=True)
class PluginCheck:
    plugin: Plugin
    way: Literal["present", "fetched"]


def ensure_plugins(
    cli: PulumiCli, needed: Sequence[Plugin], *, environ: Mapping[str, str], progress: Progress
) -> tuple[PluginCheck, ...]:
    """Fetch the plugins that are not there yet, into the PULUMI_HOME of `environ`, and look that they are.

    Raises PluginMissing with the Pulumi CLI's own words and the command to run by hand.
    """
    if not needed:
        return ()
    before = _present(cli, environ)
    missing = [plugin for plugin in needed if plugin not in before]
    for done, plugin in enumerate(missing):
        progress(Step(name="Fetching plugins", detail=f"{plugin.name} {plugin.version}", fraction=done / len(missing)))
        _fetch(cli, plugin, environ)
    if missing:
        _check(needed, _present(cli, environ))
    return tuple(PluginCheck(plugin=p, way="present" if p in before else "fetched") for p in needed)


def _check(needed: Sequence[Plugin], present: Set[Plugin]) -> None:
    for plugin in needed:
        if plugin not in present:
            words = f"{_named(plugin)} was fetched, but `pulumi plugin ls` does not list it. {_by_hand(plugin)}"
            raise PluginMissing(words)


def _present(cli: PulumiCli, environ: Mapping[str, str]) -> set[Plugin]:
    answer = _pulumi(cli, ["plugin", "ls", "--json"], environ)
    if answer.returncode != 0:
        raise PluginMissing(f"{cli.path} cannot list its plugins: {_last_words(answer)}")
    try:
        listed = json.loads(answer.stdout)
    except ValueError as broken:
        raise PluginMissing(f"{cli.path} does not list its plugins as JSON: {answer.stdout[:80]!r}") from broken
    return {Plugin(p["name"], str(p.get("version", "")).removeprefix("v")) for p in listed if p["kind"] == "resource"}


def _fetch(cli: PulumiCli, plugin: Plugin, environ: Mapping[str, str]) -> None:
    answer = _pulumi(cli, ["plugin", "install", "resource", plugin.name, plugin.version], environ)
    if answer.returncode != 0:
        raise PluginMissing(f"{_named(plugin)} could not be fetched: {_last_words(answer)}. {_by_hand(plugin)}")


def _pulumi(cli: PulumiCli, words: list[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    quiet = {**environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    return subprocess.run(
        [cli.path, *words, "--color", "never"], env=quiet, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip


def _last_words(answer: subprocess.CompletedProcess[str]) -> str:
    """The last line the CLI wrote, without the credentials that the URL of a mirror may carry."""
    lines = (answer.stderr.strip() or answer.stdout.strip()).splitlines() or [f"exit code {answer.returncode}"]
    return re.sub(r"://[^/@\s]+@", "://***@", lines[-1].removeprefix("error: ").rstrip("."))


def _named(plugin: Plugin) -> str:
    return f"The Pulumi plugin {plugin.name} {plugin.version}"


def _by_hand(plugin: Plugin) -> str:
    return f"By hand: pulumi plugin install resource {plugin.name} {plugin.version} (--file ARCHIVE without a network)."
