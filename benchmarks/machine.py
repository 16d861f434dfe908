"""The machine that a benchmark ran on, in words."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path


def described_machine() -> str:
    """Processor, cores, system, Python and date."""
    found = [line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")]
    processor = found[0] if found else platform.processor() or platform.machine()
    today = datetime.now(UTC).date().isoformat()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, {today}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
