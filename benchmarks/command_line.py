"""How long the command line takes: `--help` beside Pulumi's, `status`, `preview` beside a bare one.

    python benchmarks/command_line.py [ROUNDS]

Whole processes, timed from outside, in turn (A B A B ...), after one round that is not counted. Writes
docs/benchmarks/command_line.md. Needs a stack `local` that is up in the current directory's project.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from machine import described_machine

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
RESULT = ROOT / "docs" / "benchmarks" / "command_line.md"

BARE_PREVIEW = """
from pathlib import Path
from pulumi import automation as auto
from llmctl.infra.program import run
stacks = Path("stacks").resolve()
options = auto.LocalWorkspaceOptions(work_dir=str(stacks))
stack = auto.create_or_select_stack("local", project_name="llmctl", program=lambda: run(stacks), opts=options)
print(stack.preview(plan="../.llmctl/bare.json").change_summary)
"""


def seconds(command: list[str], environ: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def in_turn(commands: dict[str, list[str]], environ: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Seconds of each command, round by round; the first round only warms the caches."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            taken = seconds(command, environ)
            if number:
                times[name].append(taken)
    return times


def row(name: str, times: list[float]) -> str:
    return f"| {name} | {min(times):.2f} | {statistics.median(times):.2f} | {max(times):.2f} |"


def ratio(a: list[float], b: list[float]) -> str:
    return f"{statistics.median(x / y for x, y in zip(a, b, strict=True)):.2f}"


def pulumi_environment() -> dict[str, str]:
    """What `llmctl env local` prints, taken over as a shell would."""
    script = f'eval "$({BIN / "llmctl"} env local)" && env -0'
    printed = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout
    return dict(line.partition("=")[::2] for line in printed.split("\0") if line)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    environ = {**os.environ, **pulumi_environment()}
    llmctl = str(BIN / "llmctl")
    helps = in_turn({"`llmctl --help`": [llmctl, "--help"], "`pulumi --help`": ["pulumi", "--help"]}, environ, rounds)
    status = in_turn({"`llmctl status local`": [llmctl, "status", "local"]}, environ, rounds)
    bare = [sys.executable, "-c", BARE_PREVIEW]
    previews = in_turn(
        {"`llmctl preview local`": [llmctl, "preview", "local"], "bare Automation API preview": bare}, environ, rounds
    )
    lines = [
        "# The command line",
        "",
        f"{described_machine()}; {rounds} rounds, whole processes in turn; `python benchmarks/command_line.py`.",
        "",
        "| command | min s | median s | max s |",
        "| --- | --- | --- | --- |",
        *(row(name, times) for part in (helps, status, previews) for name, times in part.items()),
        "",
        f"Median of the paired ratios: help {ratio(*helps.values())} (to hold: at most 1), "
        f"preview {ratio(*previews.values())} (to hold: at most 1.1). `status` is to stay under 1 s.",
        "",
    ]
    RESULT.write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
