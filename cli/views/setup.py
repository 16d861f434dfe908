"""What `llmctl setup` found or made."""

from __future__ import annotations

from llmctl.cli.view import Table, View
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli


def setup_view(cli: PulumiCli) -> View:
    data = {"pulumi": {"path": str(cli.path), "version": cli.version, "way": cli.way, "why": cli.why}}
    return View(data, [Table((), [("Pulumi CLI", f"{cli.version} ({cli.path})"), ("", cli.why)])])
