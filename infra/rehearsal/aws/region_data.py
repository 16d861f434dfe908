"""What the double's account knows of its regions: zones, machine types by zone, AMI releases. Read once from JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

BUNDLED = Path(__file__).with_name("region_data.json")


def zones_of(region: str) -> tuple[str, ...]:
    """Names of the region's zones; none of a region that the data does not have."""
    return tuple(_region(region).get("zones", ()))


def offered_in(machine_type: str, region: str) -> frozenset[str] | None:
    """The zones that offer a machine type, none where the region does not; None where the data says nothing of it."""
    if machine_type not in vcpus_of_machines() or not zones_of(region):
        return None
    letters = _region(region)["offered"].get(machine_type, "")
    return frozenset(zone for zone in zones_of(region) if zone[-1] in letters)


def vcpus_of_machines() -> Mapping[str, int]:
    """By machine type, all that the data knows."""
    vcpus: Mapping[str, int] = _content()["vcpus"]
    return vcpus


def kubernetes_versions() -> tuple[str, ...]:
    """Minor versions for which there are node images, oldest first."""
    return tuple(sorted(_content()["ami_releases"], key=lambda version: int(version.split(".")[1])))


def ami_releases(version: str) -> tuple[str, ...]:
    """Of Amazon Linux 2023 for a minor version of Kubernetes, newest first, such as 1.34.9-20260714."""
    return tuple(_content()["ami_releases"].get(version, ()))


def _region(region: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _content()["regions"].get(region, {})
    return found


@cache
def _content() -> Mapping[str, Any]:
    content: Mapping[str, Any] = json.loads(BUNDLED.read_text(encoding="utf-8"))
    return content
