"""Which machine types a model fits: a table cheapest first, and what does not fit, with the nearest change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from llmctl.cli.view import Table, View
from llmctl.cli.views.sizing_data import sizing_data
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.hardware.prices import age
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.answer import Fit, Refusal, Sizing
from llmctl.serving.sizing.capability import EngineChoice
from llmctl.serving.sizing.cost import FORMULA
from llmctl.serving.sizing.explain import explain_fit

GIB = 1024**3

COLUMNS = ("GPUS", "MACHINE TYPE", "REGION", "$/H", "SPOT", "AGE", "AT ONCE", "~$/1M")
MEMORY = ("GIB PER GPU", "WEIGHTS", "KV CACHE", "ACTIVATIONS", "OVERHEAD", "RESERVED", "FREE", "TOKENS")


def sizing_view(
    facts: ModelFacts, sizing: Sizing, choice: EngineChoice, *, today: date, every: bool, explain: bool
) -> View:
    """`every`: all machine types, not only the cheapest of each kind and number of GPUs. `explain`: their terms too."""
    shown = sizing.fits if every else _cheapest_of_each(sizing.fits)
    text: list[str | Table] = [_headline(facts, sizing), *_why(choice), ""]
    if shown:
        text += [Table(COLUMNS, [_fit_row(fit, today) for fit in shown]), ""]
        text += [Table(MEMORY, [_memory_row(fit) for fit in _cheapest_of_each(shown)]), "", *_legend(sizing, shown)]
    else:
        text.append("No machine type fits.")
    if sizing.refused:
        text += ["", Table(("DOES NOT FIT", "MACHINES", "WHY", "FITS WITH"), list(_refusal_rows(sizing.refused)))]
    if explain:
        text += [block for fit in _cheapest_of_each(shown) for block in _explanation(facts, sizing, fit)]
    return View(sizing_data(facts, sizing, choice, today=today, explain=explain), text)


def _explanation(facts: ModelFacts, sizing: Sizing, fit: Fit) -> Iterator[str | Table]:
    yield f"\n{fit.accelerator.name}:{fit.gpus} on {fit.machine.name}"
    rows = [
        (
            term.name,
            f"{term.value:,.4g}" if abs(term.value) < 1000 else f"{term.value:,.0f}",
            term.unit,
            term.formula,
            term.source,
        )
        for term in explain_fit(facts, fit, sizing.load)
    ]
    yield Table(("TERM", "VALUE", "UNIT", "FORMULA", "SOURCE"), rows)


def _cheapest_of_each(fits: Iterable[Fit]) -> list[Fit]:
    """The first, and so cheapest, fit of each accelerator and width."""
    first: dict[tuple[str, int], Fit] = {}
    for fit in fits:
        first.setdefault((fit.accelerator.name, fit.gpus), fit)
    return list(first.values())


def _headline(facts: ModelFacts, sizing: Sizing) -> str:
    load, engine = sizing.load, ENGINES[sizing.load.engine]
    active = "" if facts.active_parameters == facts.parameters else f" ({facts.active_parameters / 1e9:.1f} B active)"
    stored = facts.quantization.method if facts.quantization else facts.dtype
    weights = f"{load.quantization} from {stored}" if load.quantization else stored
    margin = f", give or take {facts.margin:.0%}" if facts.margin else ""
    requests = "1 request" if load.concurrency == 1 else f"{load.concurrency} requests"
    return (
        f"{facts.id}: {facts.parameters / 1e9:.1f} B parameters{active}{margin}, {weights}, on {engine.title} "
        f"{engine.release}, for {requests} of {load.context:,} tokens at a time"
    )


def _why(choice: EngineChoice) -> Iterator[str]:
    if choice.why:
        yield f"{choice.why} --engine chooses among them."


def _fit_row(fit: Fit, today: date) -> tuple[str, ...]:
    return (
        _gpus(fit),
        fit.machine.name,
        fit.price.region,
        "spot only" if fit.machine.spot_only else _dollars(fit.price.on_demand),
        _dollars(fit.price.spot),
        f"{age(fit.price, today)} d",
        f"{fit.memory.requests * fit.replicas:,}",
        _dollars(fit.dollars_per_million),
    )


def _memory_row(fit: Fit) -> tuple[str, ...]:
    memory = fit.memory
    parts = (memory.weights, memory.kv_cache, memory.activations, memory.overhead, memory.reserved, memory.free)
    return (f"{fit.accelerator.name}:{fit.gpus}", *(f"{part / GIB:.1f}" for part in parts), f"{memory.kv_tokens:,}")


def _gpus(fit: Fit) -> str:
    replicas = f" x {fit.replicas}" if fit.replicas > 1 else ""
    return f"{fit.accelerator.name}:{fit.gpus}{replicas}"


def _dollars(amount: float | None) -> str:
    return "-" if amount is None else f"{amount:.2f}"


def _legend(sizing: Sizing, shown: Sequence[Fit]) -> Iterator[str]:
    taken = f"{shown[0].accelerator.name}:{shown[0].gpus} on {shown[0].machine.name}"
    yield f"accelerator: auto takes {taken}, the cheapest that fits."
    yield "GPUS: of one replica, x the replicas that the machine holds. $/H, SPOT: US dollars an hour of the machine."
    if any(fit.machine.spot_only for fit in shown):
        yield "Spot only: the cloud gives it on no other terms and may take it back, so auto prefers any other."
    yield f"AGE: days since the price was read. AT ONCE: requests of {sizing.load.context:,} tokens on the machine."
    yield "TOKENS: what the KV cache of a replica holds."
    yield f"~$/1M: per million generated tokens, an estimate: {FORMULA}."
    told = {f"{fit.accelerator.name}:{fit.gpus} {fit.prefill_tokens:,}": None for fit in shown if fit.prefill_tokens}
    if told:
        yield f"Fit only with fewer prompt tokens at once (maxBatchPrefillTokens) than by default: {', '.join(told)}."
    more = len(sizing.fits) - len(shown)
    if more:
        yield f"{more} more machine types fit; --all shows them."


def _refusal_rows(refused: Iterable[Refusal]) -> Iterator[tuple[str, str, str, str]]:
    """One row for all that lack the same; of those that only cost too much, the cheapest of each kind of GPU."""
    same: dict[tuple[str, str], list[Refusal]] = {}
    for each in sorted(refused, key=lambda row: (row.machine.accelerator, row.gpus, row.hourly)):
        key = (_kind(each), "costs more") if each.only_price else ("", each.reason)
        same.setdefault(key, []).append(each)
    for rows in same.values():
        kinds = list(dict.fromkeys(_kind(row) for row in rows))
        machines = [row.machine.name for row in rows]
        yield _counted(kinds), _counted(machines), rows[0].reason, rows[0].change or "-"


def _kind(refusal: Refusal) -> str:
    return f"{refusal.machine.accelerator}:{refusal.gpus}"


def _counted(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
