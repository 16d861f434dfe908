"""The accelerators llmctl knows, read once from accelerators.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from llmctl.serving.errors import HardwareError
from llmctl.serving.hardware.accelerator import Accelerator, Vendor

BUNDLED = Path(__file__).with_name("accelerators.json")
MIB, GIB, GIGA, TERA = 1024**2, 1024**3, 1e9, 1e12


@cache
def accelerators() -> Mapping[str, Accelerator]:
    """By name, in the order of the file."""
    rows = json.loads(BUNDLED.read_text(encoding="utf-8"))
    return MappingProxyType({row["name"]: _accelerator(row) for row in rows})


def accelerator(name: str) -> Accelerator:
    """The accelerator called `name`, in the spelling of stack files, cloud catalogues or nvidia-smi.

    Case, blanks, underscores and a leading maker's name do not matter: l4, L4, nvidia-l4, "NVIDIA L4";
    a100-80gb, A100-80GB, nvidia_a100_80gb. A bare a100 is the 40 GB one, a bare h100 the 80 GB SXM one.

    Raises HardwareError, which names those that look alike.
    """
    plain = _plain(name)
    if found := _spellings().get(plain):
        return accelerators()[found]
    near = get_close_matches(plain, _spellings(), n=3, cutoff=0.5)
    alike = list(dict.fromkeys(_spellings()[spelling] for spelling in near)) or list(accelerators())
    raise HardwareError(
        f"accelerator {name!r}: not known; write {' or '.join(alike)} (docs/hardware.md lists them all)"
    )


@cache
def _spellings() -> Mapping[str, str]:
    return {
        _plain(spelling): known.name
        for known in accelerators().values()
        for spelling in (known.name, known.title, *known.other_names)
    }


def _plain(name: str) -> str:
    plain = "-".join(name.lower().replace("_", " ").replace("-", " ").split())
    for maker in Vendor:
        plain = plain.removeprefix(f"{maker}-")
    return plain


def _accelerator(row: dict[str, Any]) -> Accelerator:
    capability = row["compute_capability"]
    return Accelerator(
        name=row["name"],
        title=row["title"],
        vendor=Vendor(row["vendor"]),
        memory=row["memory_gib"] * GIB,
        usable_memory=row["usable_mib"] * MIB,
        visible_memory=row["visible_mib"] * MIB if "visible_mib" in row else None,
        bandwidth=row["bandwidth_gb_s"] * GIGA,
        flops=MappingProxyType({dtype: value * TERA for dtype, value in row["tflops"].items()}),
        compute_capability=(capability[0], capability[1]) if capability else None,
        link_bandwidth=row["link_gb_s"] * GIGA,
        nvlink=row["nvlink"],
        other_names=tuple(row["other_names"]),
        source=row["source"],
        memory_source=row["memory_source"],
        visible_source=row.get("visible_source"),
        read_on=date.fromisoformat(row["read_on"]),
    )
