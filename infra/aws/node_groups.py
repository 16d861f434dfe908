"""From pools to EKS node groups: one for each way to get a machine, since a group has one type and one price model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from llmctl.infra.aws.ami import ami_type
from llmctl.infra.aws.node_disk import LARGEST_GIB, Disk, disk
from llmctl.infra.aws.pool_labels import GPU_TAINT, PROCESSOR, SYSTEM, Taint, labels, pool_name, template_tags
from llmctl.infra.aws.pool_order import Pool, Way
from llmctl.infra.aws_settings import CapacityKind
from llmctl.infra.errors import SettingsError
from llmctl.serving.hardware.machine_type import Cloud, MachineType

MOST_GROUPS = 30
"""Of a cluster, as quotas are at first: docs.aws.amazon.com/eks/latest/userguide/service-quotas.html."""

SYSTEM_MACHINE = "m6i.large"
"""2 vCPUs and 8 GiB, x86: llmctl's own image is packed for the machine that packs it, and most of those are. On
demand, for without this pool nothing else comes up."""

SYSTEM_NODES, MOST_SYSTEM_NODES = 2, 6
SYSTEM_DISK_BYTES = 20 * 1024**3
"""Images and logs of the gateways and controllers; the largest image has 0.2 GB. Assumed, with room."""


@dataclass(frozen=True, kw_only=True)
class NodeGroup:
    name: str
    """Unique in the stack, without its name; another machine type, kind or set of zones is another group."""

    pool: str
    machine_type: str
    kind: CapacityKind
    reservation: str | None
    zones: tuple[str, ...]
    least: int
    most: int
    rank: int
    """The autoscaler tries the lowest first."""

    gpus: int
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    disk: Disk

    @property
    def name_in_zones(self) -> str:
        """Another one for other zones: EKS replaces a group then, and the new one is there before the old one goes."""
        return f"{self.name}-{_digest(self.zones)}"

    @property
    def ami_type(self) -> str:
        return ami_type(self.machine_type, gpus=self.gpus > 0)

    @property
    def capacity_type(self) -> str:
        """EKS's word; a reservation of on-demand machines is one of those to EKS."""
        words = {CapacityKind.SPOT: "SPOT", CapacityKind.CAPACITY_BLOCK: "CAPACITY_BLOCK"}
        return words.get(self.kind, "ON_DEMAND")

    @property
    def template_tags(self) -> dict[str, str]:
        return template_tags(self.labels, self.taints, self.gpus, self.disk.ephemeral_gib)


@dataclass(frozen=True, kw_only=True)
class Offers:
    """Where a machine may come from."""

    zones: tuple[str, ...]
    """The stack's."""

    offered: Mapping[str, frozenset[str]] | None = None
    """Machine type -> zones of the region that offer it. None: nobody has asked, and all are taken to."""

    def of(self, machine_type: str) -> tuple[str, ...]:
        there = None if self.offered is None else self.offered.get(machine_type, frozenset())
        return tuple(zone for zone in self.zones if there is None or zone in there)


def node_groups(pools: Sequence[Pool], machines: Iterable[MachineType], offers: Offers) -> tuple[NodeGroup, ...]:
    """The system's, and those of the pools in the order in which they are tried.

    Raises SettingsError: more groups than a cluster has, a type that none of the stack's zones offers, a disk that is
    too large.
    """
    known = {each.name: each for each in machines if each.cloud is Cloud.AWS}
    made = [
        _group(pool, rank, way, known.get(way.machine_type), offers)
        for pool in pools
        for rank, way in enumerate(pool.ways)
    ]
    if len(made) >= MOST_GROUPS:
        raise SettingsError(
            f"aws.nodePools: {len(made)} ways to get machines and the system's own pool are {len(made) + 1} node "
            f"groups; a cluster has at most {MOST_GROUPS}. Take entries out of `capacity`."
        )
    return (system_group(offers), *made)


def system_group(offers: Offers) -> NodeGroup:
    return NodeGroup(
        name=SYSTEM,
        pool=SYSTEM,
        machine_type=SYSTEM_MACHINE,
        kind=CapacityKind.ON_DEMAND,
        reservation=None,
        zones=_zones(SYSTEM, Way(machine_type=SYSTEM_MACHINE), offers),
        least=SYSTEM_NODES,
        most=MOST_SYSTEM_NODES,
        rank=0,
        gpus=0,
        labels=labels(SYSTEM, None),
        taints=(),
        disk=disk(need=SYSTEM_DISK_BYTES, local_bytes=0, written_gib=None),
    )


def _group(pool: Pool, rank: int, way: Way, machine: MachineType | None, offers: Offers) -> NodeGroup:
    gpus = machine.gpus if machine and pool.accelerators != PROCESSOR else 0
    accelerator = pool.accelerators.partition(":")[0] if gpus else None
    zones = _zones(pool.accelerators, way, offers)
    return NodeGroup(
        name=_name(pool, way),
        pool=pool_name(pool.accelerators),
        machine_type=way.machine_type,
        kind=way.kind,
        reservation=way.reservation,
        zones=zones,
        least=0,
        most=pool.max_nodes,
        rank=rank,
        gpus=gpus,
        labels=labels(pool_name(pool.accelerators), accelerator),
        taints=(GPU_TAINT,) if gpus else (),
        disk=_disk(pool, gpus, machine),
    )


def _name(pool: Pool, way: Way) -> str:
    words = [pool_name(pool.accelerators), way.machine_type.replace(".", "-")]
    if way.kind is not CapacityKind.ON_DEMAND:
        words.append("block" if way.kind is CapacityKind.CAPACITY_BLOCK else way.kind.value)
    if way.zones:
        words.append(_digest((*sorted(way.zones), way.reservation or "")))
    return "-".join(words)


def _digest(words: Iterable[str]) -> str:
    return hashlib.sha256(",".join(words).encode()).hexdigest()[:6]


def _zones(key: str, way: Way, offers: Offers) -> tuple[str, ...]:
    offered = offers.of(way.machine_type)
    if outside := [zone for zone in way.zones if zone not in offers.zones]:
        raise SettingsError(
            f"aws.nodePools.{key}: {way.machine_type} in {', '.join(outside)}, where the stack has no subnets. "
            f"Allowed: {', '.join(offers.zones)}; or add the zone to aws.network.zones."
        )
    if found := tuple(zone for zone in way.zones or offered if zone in offered):
        return found
    elsewhere = ", ".join(sorted((offers.offered or {}).get(way.machine_type, ()))) or "none of the region"
    raise SettingsError(
        f"aws.nodePools.{key}: {way.machine_type} is not offered in {', '.join(way.zones or offers.zones)}. "
        f"Zones that offer it: {elsewhere}. Add one of them to aws.network.zones, or take another machine type."
    )


def _disk(pool: Pool, gpus: int, machine: MachineType | None) -> Disk:
    """For as many replicas as a machine has GPUs for, each with weights of its own; the image they share is counted
    with each, which leaves room."""
    count = int(pool.accelerators.partition(":")[2] or 1)
    need = max((max(1, gpus // count) * each.disk for each in pool.demands), default=SYSTEM_DISK_BYTES)
    try:
        return disk(need=need, local_bytes=machine.local_storage if machine else 0, written_gib=pool.volume_gib)
    except ValueError as error:
        raise SettingsError(
            f"aws.nodePools.{pool.accelerators}: {error}. Write volumeGib, at most {LARGEST_GIB}, "
            "or name machine types with NVMe disks of their own."
        ) from None
