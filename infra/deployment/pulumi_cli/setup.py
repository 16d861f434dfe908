"""Everything a deployment needs besides Python packages, at once: the Pulumi CLI, its language host, the plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmctl.infra.deployment.pulumi_cli.install import ensure_pulumi_cli
from llmctl.infra.deployment.pulumi_cli.language_host_script import own_language_host
from llmctl.infra.deployment.pulumi_cli.plugins import Plugin, PluginCheck, ensure_plugins
from llmctl.infra.deployment.pulumi_cli.ways import Progress, PulumiCli


@dataclass(frozen=True, kw_only=True)
class SetupReport:
    """What `llmctl setup` found or made."""

    cli: PulumiCli
    language_host: Path | None
    """llmctl's own, or None where the Pulumi CLI brings the official one."""

    plugins: tuple[PluginCheck, ...]


def setup(
    *, cache: Path, environ: Mapping[str, str], progress: Progress, plugins: Sequence[Plugin] = ()
) -> SetupReport:
    """Ensure the Pulumi CLI and the named plugins. Raises PulumiCliMissing or PluginMissing."""
    cli = ensure_pulumi_cli(cache=cache, environ=environ, progress=progress)
    checked = ensure_plugins(cli, plugins, environ=environ, progress=progress)
    return SetupReport(cli=cli, language_host=own_language_host(cli.path.parent), plugins=checked)
