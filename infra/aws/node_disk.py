"""How large and how fast a node's disk is, and whether the machine's own NVMe takes what it is for."""

from __future__ import annotations

import math
from dataclasses import dataclass

GIB = 1024**3

SYSTEM_GIB = 20
"""For the operating system: what EKS gives a node's whole disk by itself, so its AMIs fit;
docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html, diskSize."""

USED = 0.85
"""Of a disk. Above it the kubelet begins to delete images (imageGCHighThresholdPercent,
kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1)."""

LARGEST_GIB = 16_384
LEAST_IOPS, MOST_IOPS, IOPS_PER_GIB = 3_000, 16_000, 500
LEAST_THROUGHPUT, MOST_THROUGHPUT, THROUGHPUT_PER_IOPS = 125, 1_000, 0.25
"""gp3, in MiB/s: docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html. Newer limits are higher; a machine that
is small enough to come without NVMe gets no more than these out of its connection to EBS."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A node's gp3 volume."""

    gib: int
    iops: int
    throughput: int
    """MiB/s."""

    raid: bool
    """Kubelet and containerd lie on the machine's own NVMe, as one RAID 0."""

    ephemeral_gib: int
    """What pods get of wherever theirs lies."""


def disk(*, need: int, local_bytes: int, written_gib: int | None) -> Disk:
    """For pods that need `need` bytes of images, weights and logs, on a machine with `local_bytes` of NVMe.

    The NVMe is used where all of it fits, and the volume then holds the system only. `written_gib` is the volume's size
    as a user wants it, whatever is needed. Raises ValueError where gp3 has no volume as large.
    """
    raid = USED * local_bytes >= need and local_bytes > 0
    gib = written_gib or (SYSTEM_GIB if raid else math.ceil(need / GIB / USED) + SYSTEM_GIB)
    if gib > LARGEST_GIB:
        raise ValueError(f"{gib} GiB are more than a gp3 volume has ({LARGEST_GIB:,})")
    throughput = LEAST_THROUGHPUT if raid else fastest(gib)
    ephemeral = local_bytes / GIB if raid else gib - SYSTEM_GIB
    return Disk(
        gib=gib,
        iops=max(LEAST_IOPS, math.ceil(throughput / THROUGHPUT_PER_IOPS)),
        throughput=throughput,
        raid=raid,
        ephemeral_gib=max(1, math.floor(USED * ephemeral)),
    )


def fastest(gib: int) -> int:
    """MiB/s, the most that a gp3 volume of this size may have: a cold start waits for nothing else."""
    return int(min(MOST_THROUGHPUT, THROUGHPUT_PER_IOPS * max(LEAST_IOPS, min(MOST_IOPS, IOPS_PER_GIB * gib))))
