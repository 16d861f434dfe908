"""Kubernetes quantities in the form that the API server gives back, so that what is read equals what was written."""

from __future__ import annotations

import math

MIB = 1 << 20
UNITS = (("Ti", 1 << 20), ("Gi", 1 << 10), ("Mi", 1))
"""Suffix, and how many MiB it is."""


def memory(size: int) -> str:
    """Bytes, rounded up to whole MiB: `32Gi`, `1537Mi`."""
    mib = max(1, math.ceil(size / MIB))
    suffix, unit = next((suffix, unit) for suffix, unit in UNITS if mib % unit == 0)
    return f"{mib // unit}{suffix}"


def cores(count: float) -> str:
    """Processor cores, rounded up to thousandths: `4`, `2500m`."""
    thousandths = max(1, math.ceil(count * 1000))
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"
