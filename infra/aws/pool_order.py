"""Which pools of nodes a stack has, and in which order each tries to get a machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from llmctl.infra.aws.pool_labels import PROCESSOR
from llmctl.infra.aws_settings import CapacityKind, NodePoolSettings
from llmctl.infra.errors import SettingsError
from llmctl.serving.hardware.accelerator import Vendor
from llmctl.serving.hardware.accelerators import accelerator, accelerators
from llmctl.serving.hardware.machine_type import Cloud, MachineType, Price

CHOICES = 3
"""Machine types that a pool tries where the stack file names none: enough to get past one that is sold out, and the
third is seldom twice the price of the first. Assumed."""

MEMORY_FOR_PODS = 0.9
"""Of a machine's RAM; the rest is the kernel's, the kubelet's and the DaemonSets'. Assumed."""

CORES_FOR_NODE = 0.5
"""What kubelet and DaemonSets take of a machine's. Assumed."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What one model asks of its nodes."""

    accelerators: str
    """`l4:1`, or `cpu`."""

    replicas: int
    """The most there can be, with the one more of an update."""

    memory: int
    """Bytes of RAM of a replica."""

    disk: int
    """Bytes of a replica: image, weights, logs."""

    cpus: float


@dataclass(frozen=True, kw_only=True)
class Way:
    """To get a machine."""

    machine_type: str
    kind: CapacityKind = CapacityKind.ON_DEMAND
    reservation: str | None = None
    zones: tuple[str, ...] = ()
    """Empty: all of the stack's that offer the type."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    accelerators: str
    ways: tuple[Way, ...]
    """The first that a machine can be had by is taken."""

    max_nodes: int
    """Of each way."""

    volume_gib: int | None
    demands: tuple[Demand, ...]


@dataclass(frozen=True, kw_only=True)
class Pools:
    pools: tuple[Pool, ...]
    choices: tuple[str, ...]
    """What the stack file left open and how it was decided, as sentences without their full stop."""


def normal(accelerators: str) -> str:
    """`L4` -> `l4:1`, in the spelling of serving/hardware. Raises SettingsError, HardwareError."""
    if accelerators == PROCESSOR:
        return accelerators
    name, _, count = accelerators.partition(":")
    if count and not (count.isascii() and count.isdigit() and int(count)):
        raise SettingsError(
            f"aws.nodePools: {accelerators!r} is no pool. Write an accelerator and how many, such as l4:1, or cpu."
        )
    return f"{accelerator(name).name}:{int(count or 1)}"


def pools(
    written: Mapping[str, NodePoolSettings], demands: Sequence[Demand], machines: Iterable[MachineType], region: str
) -> Pools:
    """Those of the stack file, and one for whatever else the models need: the cheapest machine types that fit, on
    demand. Spot is for who asks for it, since it is taken away in the midst of answers.

    Raises SettingsError where nothing that is offered fits, or what is written does not.
    """
    known = {each.name: each for each in machines if each.cloud is Cloud.AWS}
    settings = {normal(key): value for key, value in written.items()}
    keys = dict.fromkeys([*settings, *(each.accelerators for each in demands)])
    made: list[Pool] = []
    choices: list[str] = []
    for key in keys:
        of_it = tuple(each for each in demands if each.accelerators == key)
        if key in settings:
            made.append(_written(key, settings[key], of_it))
            _check(key, made[-1].ways, known)
        else:
            made.append(_default(key, of_it, known.values(), region))
            names = ", then ".join(each.machine_type for each in made[-1].ways)
            choices.append(f"{key} runs on {names}, on demand: the cheapest in {region} that fit")
    return Pools(pools=tuple(made), choices=tuple(choices))


def _written(key: str, settings: NodePoolSettings, demands: tuple[Demand, ...]) -> Pool:
    return Pool(
        accelerators=key,
        ways=tuple(
            Way(machine_type=each.machine_type, kind=each.kind, reservation=each.reservation, zones=each.zones)
            for each in settings.capacity
        ),
        max_nodes=settings.max_nodes,
        volume_gib=settings.volume_gib,
        demands=demands,
    )


def _default(key: str, demands: tuple[Demand, ...], known: Iterable[MachineType], region: str) -> Pool:
    chosen = cheapest(key, demands, known, region)
    return Pool(
        accelerators=key,
        ways=tuple(Way(machine_type=each.name) for each in chosen),
        max_nodes=max(NodePoolSettings.model_fields["max_nodes"].default, sum(each.replicas for each in demands)),
        volume_gib=None,
        demands=demands,
    )


def cheapest(key: str, demands: Sequence[Demand], known: Iterable[MachineType], region: str) -> tuple[MachineType, ...]:
    """At most CHOICES machine types for one replica of each of the demands, cheapest first."""
    if key == PROCESSOR:
        raise SettingsError(
            "aws.nodePools: a model runs on the processor, and llmctl knows no prices of machine types without GPUs. "
            "Write which to take: nodePools: {cpu: {capacity: [{machineType: m7i.4xlarge}]}}."
        )
    name, _, count = key.partition(":")
    offered = [
        (price.on_demand, each.gpus, each.name, each)
        for each in known
        if each.accelerator == name and each.gpus >= int(count) and not each.spot_only
        if all(fits(demand, each) for demand in demands) and (price := _price(each, region))
    ]
    if not offered:
        raise SettingsError(_nothing(name, int(count), known, region))
    return tuple(each for *_, each in sorted(offered, key=lambda row: row[:3])[:CHOICES])


def fits(demand: Demand, machine: MachineType) -> bool:
    """Whether one replica finds its RAM and its cores there."""
    return demand.memory <= MEMORY_FOR_PODS * machine.memory and demand.cpus <= machine.vcpus - CORES_FOR_NODE


def _price(machine: MachineType, region: str) -> Price | None:
    return next((price for price in machine.prices if price.region == region), None)


def _nothing(name: str, count: int, known: Iterable[MachineType], region: str) -> str:
    elsewhere = sorted(
        {price.region for each in known if each.accelerator == name and each.gpus >= count for price in each.prices}
    )
    there = f"It is in {', '.join(elsewhere)}." if elsewhere else "AWS has no such machine type."
    return (
        f"aws.nodePools: no machine type with {name}:{count} that fits has a price in {region}. {there} Take another "
        "region or accelerator, or name the machine types that your account is offered."
    )


def _check(key: str, ways: Sequence[Way], known: Mapping[str, MachineType]) -> None:
    """What is known to be wrong."""
    if len(set(ways)) < len(ways):
        raise SettingsError(f"aws.nodePools.{key}.capacity: the same is written twice. Leave one of them.")
    for each in ways:
        if problem := _unfit(key, known.get(each.machine_type)):
            raise SettingsError(f"aws.nodePools.{key}.capacity: {each.machine_type} {problem}")


def _unfit(key: str, machine: MachineType | None) -> str | None:
    if key == PROCESSOR:
        return "has accelerators, which a model on the processor leaves idle. Name one without." if machine else None
    name, _, count = key.partition(":")
    if accelerators()[name].vendor is not Vendor.NVIDIA:
        return f"is not for {key}: llmctl makes nodes for NVIDIA's GPUs only. Name a pool of those."
    if machine is None:
        return (
            "is no machine type that llmctl knows the GPUs of (docs/hardware.md lists them). Name one of those, "
            "or ask for it to be added."
        )
    if machine.accelerator != name:
        return f"has {machine.accelerator}, not {name}. Name one with {name}."
    if machine.gpus < int(count):
        return f"has {machine.gpus} GPUs, and {key} needs {count} in one machine. Name a larger one."
    return None
