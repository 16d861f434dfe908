"""Whose registry in a region has EKS's own images."""

from __future__ import annotations

import json
from importlib.resources import files

from llmctl.infra.errors import SettingsError


def eks_registry(region: str) -> str:
    """Account of the registry that the add-ons' images come from. Raises SettingsError where none is known."""
    text = files("llmctl.infra.aws").joinpath("eks_registries.json").read_text()
    known: dict[str, str] = json.loads(text)["accounts"]
    if region not in known:
        raise SettingsError(
            f"aws.region: {region} has no registry of EKS's images that llmctl knows. Allowed: {', '.join(known)}."
        )
    return known[region]
