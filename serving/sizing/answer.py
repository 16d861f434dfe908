"""Sizing: the machine types that a model fits, cheapest first, and why it does not fit the others."""

from __future__ import annotations

from dataclasses import dataclass

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.hardware.machine_type import MachineType, Price
from llmctl.serving.sizing.load import Load
from llmctl.serving.sizing.memory import MemorySplit
from llmctl.serving.sizing.throughput import Throughput
from llmctl.serving.spec import HostNeeds


@dataclass(frozen=True, kw_only=True)
class Fit:
    machine: MachineType
    accelerator: Accelerator
    gpus: int
    """Of one replica: the width of tensor parallelism."""

    replicas: int
    """That the machine has GPUs for."""

    memory: MemorySplit
    """Of one GPU."""

    prefill_tokens: int | None
    """Prompt tokens at once that the engine has to be told, None: its default."""

    host: HostNeeds
    """Of one replica."""

    price: Price
    """Of the machine, in the region asked for or the cheapest; with its date and source."""

    throughput: Throughput | None
    """Estimated, of one replica; None where the GPU's speed in the model's numbers is not known."""

    dollars_per_million: float | None
    """Estimated, per million generated tokens (cost.FORMULA)."""

    @property
    def hourly(self) -> float:
        """US dollars: on demand, or on the spot market where the cloud gives no such machine on demand."""
        return hourly(self.machine, self.price)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    machine: MachineType
    gpus: int
    """Of the widest replica that was tried."""

    price: Price
    reason: str
    change: str | None
    """The nearest change that makes it fit, tried out; None where none was found."""

    only_price: bool = False
    """Whether it would fit, for more money than the question allows."""

    @property
    def hourly(self) -> float:
        """US dollars, as of a Fit."""
        return hourly(self.machine, self.price)


@dataclass(frozen=True, kw_only=True)
class Sizing:
    load: Load
    """What was sized: the question with its defaults filled in."""

    fits: tuple[Fit, ...]
    """Cheapest machine first, those only on the spot market last; of equal price the one with more tokens of cache."""

    refused: tuple[Refusal, ...]
    """By cloud and name."""


def hourly(machine: MachineType, price: Price) -> float:
    """US dollars for an hour of the machine as it can be had."""
    return price.spot if machine.spot_only and price.spot is not None else price.on_demand
