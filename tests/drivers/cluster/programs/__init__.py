"""The command lines and configuration files of the cluster's programs: what is run, not how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Program:
    name: str
    argv: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
