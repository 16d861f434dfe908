"""How long sizing takes: the whole catalogue against all machine types, per engine.

    python benchmarks/sizing.py [ROUNDS]

In one process, facts and prices read beforehand; the import and the reading are timed apart. Writes
docs/benchmarks/sizing.md.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from machine import described_machine

from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.hardware.machine_types import machine_types
from llmctl.serving.models.catalogue import catalogue
from llmctl.serving.sizing.capability import engine_refuses
from llmctl.serving.sizing.question import Question
from llmctl.serving.sizing.size import size
from llmctl.serving.spec import EngineName

RESULT = Path(__file__).parents[1] / "docs" / "benchmarks" / "sizing.md"
READ = (
    "import time; t = time.perf_counter();"
    "from llmctl.serving.sizing.size import size;"
    "from llmctl.serving.hardware.accelerators import accelerators;"
    "from llmctl.serving.hardware.machine_types import machine_types;"
    "from llmctl.serving.models.catalogue import catalogue;"
    "accelerators(), machine_types(), catalogue()['meta-llama/Llama-3.1-8B-Instruct'];"
    "print(time.perf_counter() - t)"
)


def everything(engine: EngineName) -> int:
    """Sizes every model of the catalogue; the number of answers."""
    answers = 0
    for facts in catalogue().values():
        sizing = size(facts, Question(engine=engine), machine_types(), accelerators(), engine_refuses=engine_refuses)
        answers += len(sizing.fits) + len(sizing.refused)
    return answers


def timed(work: Callable[[], object], rounds: int) -> list[float]:
    """Seconds of each round, after one that is not counted."""
    times = []
    for number in range(rounds + 1):
        start = time.perf_counter()
        work()
        if number:
            times.append(time.perf_counter() - start)
    return times


def imported() -> float:
    """Seconds in a fresh process to import sizing and to read hardware, prices and one model."""
    found = subprocess.run([sys.executable, "-c", READ], check=True, capture_output=True, text=True)
    return float(found.stdout)


def row(name: str, times: list[float]) -> str:
    return f"| {name} | {min(times):.3f} | {statistics.median(times):.3f} | {max(times):.3f} |"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    answers = everything(EngineName.TGI)
    rows = [
        row(f"{len(catalogue())} models x {len(machine_types())} machine types, {engine}", times)
        for engine in EngineName
        if (times := timed(lambda engine=engine: everything(engine), rounds))  # type: ignore[misc]
    ]
    rows.append(row("import, hardware, prices and one model, fresh process", [imported() for _ in range(rounds)]))
    table = "\n".join(rows)
    RESULT.write_text(
        f"# Sizing\n\n{described_machine()}; {rounds} rounds; `python benchmarks/sizing.py`.\n\n"
        f"| what | min s | median s | max s |\n| --- | --- | --- | --- |\n{table}\n\n"
        f"{answers:,} answers each, with price, estimate, and the nearest change of every refusal. "
        "To hold: under 0.5 s.\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
