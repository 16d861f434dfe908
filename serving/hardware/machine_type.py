"""A machine type of a cloud, and what an hour of it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Cloud(StrEnum):
    AWS = "aws"
    GCP = "gcp"
    AZURE = "azure"


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars per hour for the whole machine, accelerators included."""

    region: str
    on_demand: float
    spot: float | None
    """None where the cloud offers none, or the source names none."""

    as_of: date
    """The day the price held at its source; the older one, where on-demand and spot have two sources."""

    source: str


@dataclass(frozen=True, kw_only=True)
class MachineType:
    cloud: Cloud
    name: str
    """g6.2xlarge, a3-highgpu-8g, Standard_NC40ads_H100_v5."""

    accelerator: str
    """Name of the Accelerator."""

    gpus: int
    vcpus: float
    memory: int
    """Bytes of RAM."""

    local_storage: int
    """Bytes of disk in the node that come with the machine (NVMe; Azure: also its temporary SSD); 0 for none."""

    network: float | None
    """Bits per second (AWS: what it keeps up, not the burst; GCP, Azure: the most); None where nobody states it."""

    spot_only: bool = False
    """Whether the cloud gives no such machine on demand, although its price list has a price for it."""

    prices: tuple[Price, ...]
    """By region, cheapest on-demand first. Regions without a price are not offered, or not known to be."""

    source: str
    """Where GPUs, vCPUs, RAM, storage and network were read."""

    as_of: date
    """The day of that source."""
