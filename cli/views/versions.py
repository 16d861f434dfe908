"""Versions of llmctl and of what it stands on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

from llmctl import __version__
from llmctl.cli.view import Table, View
from llmctl.infra.deployment.pulumi_cli.ways import PulumiCli

PACKAGES = {"Pulumi SDK": "pulumi", "llama.cpp (xllamacpp)": "xllamacpp", "huggingface_hub": "huggingface-hub"}


def versions_view(cli: PulumiCli | None) -> View:
    rows = [
        ("llmctl", __version__),
        ("Python", platform.python_version()),
        ("Pulumi CLI", f"{cli.version} ({cli.path})" if cli else "none yet; run: llmctl setup"),
        *((name, _installed(package)) for name, package in PACKAGES.items()),
    ]
    return View(dict(rows), [Table((), rows)])


def _installed(package: str) -> str:
    try:
        return installed_version(package)
    except PackageNotFoundError:
        return "not installed"
