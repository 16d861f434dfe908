"""`size`: which machine types fit a model. `cheapest`: the one that `accelerator: auto` means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from llmctl.serving.errors import SizingError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.hardware.machine_type import MachineType, Price
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.answer import Fit, Refusal, Sizing, hourly
from llmctl.serving.sizing.cost import dollars_per_million
from llmctl.serving.sizing.engine_memory import GIB
from llmctl.serving.sizing.host import host_needs
from llmctl.serving.sizing.judgement import EngineRefuses, Judgement, judge
from llmctl.serving.sizing.load import Load
from llmctl.serving.sizing.memory import MemorySplit
from llmctl.serving.sizing.nearest_change import nearest_change
from llmctl.serving.sizing.question import Question
from llmctl.serving.sizing.tensor_parallel import widths
from llmctl.serving.sizing.throughput import Throughput, throughput
from llmctl.serving.sizing.weights import weight_bytes


def size(
    facts: ModelFacts,
    question: Question,
    machines: Sequence[MachineType],
    accelerators: Mapping[str, Accelerator],
    *,
    engine_refuses: EngineRefuses | None = None,
) -> Sizing:
    """What fits and what does not, of the machine types in the question's cloud and region.

    A replica is as narrow as it can be; a machine holds as many as its GPUs allow, and they share the concurrency.
    Raises SizingError for a question that makes no sense.
    """
    load = question.load(facts)
    if facts.weights_format == "pickle":
        raise SizingError(
            f"{facts.id} has no safetensors, only pickle files, which can run code when they are loaded. "
            "Name a repository that has them, or convert these."
        )
    weight_bytes(facts, load.quantization)  # a quantization that the weights cannot have is no matter of the machine
    there = question.machines(machines)
    search = _Search(facts=facts, load=load, accelerators=accelerators, refuses=engine_refuses, machines=there)
    fits, refused = [], []
    for machine in there:
        answer = search.answer(machine, _price(machine, question.region), question.max_hourly)
        if isinstance(answer, Fit):
            fits.append(answer)
        else:
            refused.append(answer)
    fits.sort(key=_rank)
    refused.sort(key=lambda refusal: (refusal.machine.cloud, refusal.machine.name))
    return Sizing(load=load, fits=tuple(fits), refused=tuple(refused))


@dataclass(frozen=True, kw_only=True)
class Choice:
    fit: Fit
    why: str
    """One line."""


def cheapest(
    facts: ModelFacts,
    question: Question,
    machines: Sequence[MachineType],
    accelerators: Mapping[str, Accelerator],
    *,
    engine_refuses: EngineRefuses | None = None,
) -> Choice:
    """The cheapest machine type that fits, and why. Raises SizingError where none does, with the nearest change."""
    sizing = size(facts, question, machines, accelerators, engine_refuses=engine_refuses)
    if not sizing.fits:
        raise SizingError(f"{facts.id} fits none of {len(sizing.refused)} machine types. {_nearest(sizing.refused)}")
    first, *others = sizing.fits
    why = f"{_named(first)} is the cheapest of {len(sizing.fits)} that hold {sizing.load.context:,} tokens"
    return Choice(fit=first, why=f"{why}; next: {_named(others[0])}" if others else why)


@dataclass(frozen=True, kw_only=True)
class _Search:
    """One model and load against many machines; judged once per kind and number of GPUs."""

    facts: ModelFacts
    load: Load
    accelerators: Mapping[str, Accelerator]
    refuses: EngineRefuses | None
    machines: Sequence[MachineType]
    judged: dict[tuple[str, int, int], Judgement] = field(default_factory=dict)
    estimated: dict[tuple[str, int, int], Throughput | None] = field(default_factory=dict)
    changes: dict[tuple[str, int, int], str | None] = field(default_factory=dict)

    def answer(self, machine: MachineType, price: Price, max_hourly: float | None) -> Fit | Refusal:
        """The narrowest replica that fits; else what the widest one lacks that memory could be reckoned for."""
        lacking: list[tuple[int, int, str, bool]] = []
        for width in widths(machine.gpus):
            needed = -(-self.load.concurrency // (machine.gpus // width))
            found = self._judge(machine.accelerator, width, needed)
            if found.reason is None and found.memory is not None:
                speed = self._estimate(machine.accelerator, width, found.memory)
                return self._afford(machine, price, max_hourly, width, found.memory, found.prefill_tokens, speed)
            lacking.append((width, needed, found.reason or "", found.memory is not None))
        width, needed, reason, _ = max(lacking, key=lambda lack: (lack[3], lack[0] if lack[3] else -lack[0]))
        change = self._change(machine.accelerator, width, needed)
        return Refusal(machine=machine, gpus=width, price=price, reason=reason, change=change)

    def _afford(
        self,
        machine: MachineType,
        price: Price,
        max_hourly: float | None,
        width: int,
        memory: MemorySplit,
        prefill_tokens: int | None,
        speed: Throughput | None,
    ) -> Fit | Refusal:
        replicas, cost = machine.gpus // width, hourly(machine, price)
        host = host_needs(self.facts, width)
        if replicas * host.memory > machine.memory:
            needed = replicas * host.memory
            reason = f"loading takes {needed / GIB:.1f} GiB of RAM and {machine.name} has {machine.memory / GIB:.0f}"
            change = self._more_memory(machine, needed)
            return Refusal(machine=machine, gpus=width, price=price, reason=reason, change=change)
        if max_hourly is not None and cost > max_hourly:
            reason = f"${cost:.2f} an hour in {price.region} is more than ${max_hourly:.2f}"
            change = f"${ceil(cost * 100) / 100:.2f} an hour"  # what is typed again has to be enough
            return Refusal(machine=machine, gpus=width, price=price, reason=reason, change=change, only_price=True)
        return Fit(
            machine=machine,
            accelerator=self.accelerators[machine.accelerator],
            gpus=width,
            replicas=replicas,
            memory=memory,
            prefill_tokens=prefill_tokens,
            host=host,
            price=price,
            throughput=speed,
            dollars_per_million=dollars_per_million(cost, speed, replicas) if speed else None,
        )

    def _judge(self, name: str, width: int, needed: int) -> Judgement:
        key = (name, width, needed)
        if key not in self.judged:
            load = self.load if needed == self.load.concurrency else replace(self.load, concurrency=needed)
            self.judged[key] = judge(self.facts, self.accelerators[name], width, load, engine_refuses=self.refuses)
        return self.judged[key]

    def _estimate(self, name: str, width: int, memory: MemorySplit) -> Throughput | None:
        key = (name, width, memory.requests)
        if key not in self.estimated:
            self.estimated[key] = throughput(self.facts, self.accelerators[name], width, self.load, memory)
        return self.estimated[key]

    def _change(self, name: str, width: int, needed: int) -> str | None:
        key = (name, width, needed)
        if key not in self.changes:
            wider = tuple(sorted({machine.gpus for machine in self.machines if machine.accelerator == name}))
            load = replace(self.load, concurrency=needed)
            self.changes[key] = nearest_change(self.facts, self.accelerators[name], width, load, wider, self.refuses)
        return self.changes[key]

    def _more_memory(self, machine: MachineType, needed: int) -> str | None:
        larger = [
            other
            for other in self.machines
            if (other.cloud, other.accelerator, other.gpus) == (machine.cloud, machine.accelerator, machine.gpus)
            and other.memory >= needed
        ]
        return min(larger, key=lambda other: other.memory).name if larger else None


def _price(machine: MachineType, region: str | None) -> Price:
    """The cheapest as the machine can be had."""
    there = [price for price in machine.prices if region in (None, price.region)]
    return min(there, key=lambda price: hourly(machine, price))


def _rank(fit: Fit) -> tuple[bool, float, int, str, str]:
    """A machine that the cloud may take back at any time comes after all that it may not."""
    tokens = fit.memory.kv_tokens * fit.replicas
    return fit.machine.spot_only, fit.hourly, -tokens, fit.machine.cloud, fit.machine.name


def _named(fit: Fit) -> str:
    return f"{fit.accelerator.name}:{fit.gpus} on {fit.machine.name} ({fit.price.region}, ${fit.hourly:.2f} an hour)"


def _nearest(refused: tuple[Refusal, ...]) -> str:
    changed = [refusal for refusal in refused if refusal.change]
    if not changed:
        reasons = Counter(refusal.reason for refusal in refused)
        return f"Most of them: {reasons.most_common(1)[0][0].rstrip('.')}." if reasons else "None was asked about."
    first = min(changed, key=lambda row: (not row.only_price, row.hourly))
    return f"{first.machine.name}: {first.reason}; it would fit with {first.change}."
