"""What `llmctl setup` found or made."""

from __future__ import annotations

from llmctl.cli.view import Table, View
from llmctl.infra.deployment.pulumi_cli.setup import SetupReport


def setup_view(report: SetupReport) -> View:
    cli, host = report.cli, report.language_host
    data = {
        "pulumi": {"path": str(cli.path), "version": cli.version, "way": cli.way, "why": cli.why},
        "languageHost": str(host) if host else None,
        "plugins": [{"name": c.plugin.name, "version": c.plugin.version, "way": c.way} for c in report.plugins],
    }
    rows = [
        ("Pulumi CLI", f"{cli.version} ({cli.path})"),
        ("", cli.why),
        ("Python programs", f"by llmctl's own language host ({host})" if host else "by the Pulumi CLI's language host"),
        *(("plugin", f"{c.plugin.name} {c.plugin.version}, {c.way}") for c in report.plugins),
    ]
    return View(data, [Table((), rows)])
