"""docs/hardware.md, from the bundled accelerators and machine types."""

from __future__ import annotations

from collections.abc import Iterable

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.hardware.accelerators import accelerators
from llmctl.serving.hardware.machine_type import Cloud, MachineType, Price
from llmctl.serving.hardware.machine_types import machine_types
from llmctl.serving.hardware.prices import COLUMNS

GIB = 1024**3
DTYPES = ("bfloat16", "float8", "int8", "float4")

INTRODUCTION = """\
# Hardware

Written by `docs/generate.py` from `serving/hardware/`. `llmctl size` reckons with these figures and shows the age of
each price. Every figure was read at the source named; what no source gave is left out.
"""

ACCELERATORS = """\
## Accelerators

Usable memory is the total that the driver reports (`nvidia-smi`, `rocm-smi`). What CUDA gives a program is a little
less: what logs state is under the sources; for the others `llmctl size` takes 0.985 of it.
Rates are dense, without sparsity: a data sheet's doubled figures were halved. A T4 has no bfloat16 (its float16: 65).
Links count both directions together. Stack files take the name, or the spelling of clouds and drivers: `nvidia-l4`,
`A100-80GB`, `NVIDIA H100 80GB HBM3`. A bare `a100` is the 40 GB one, a bare `h100` the 80 GB SXM one.
"""

MACHINE_TYPES = """\
Dollars an hour are those of the region that is cheapest on demand; spot is the cheapest of all regions, `-` where the
snapshot has none. Regions: those with a price.
"""

UNKNOWN = """\
## What is not known

- Spot prices of Azure, and of AWS but for g6 and g6e: no dated source was found, or read. A price file gives them.
- GCP's A3 Ultra (H200) and A4 (B200), and AWS's p5e: no dated price was found. Azure's NC RTX PRO 6000 v6 is a
  preview whose sizes still change names; Azure's NVadsA10 v5 gives a vGPU, not a GPU.
- Whether a machine can be had: a price promises no capacity, nor that every region with a price has the machine.
- T4 on GCP: its price is old, and known in one region only. The GPUs are added to an `n1` machine.
- GCP's g2, g4, A2 Standard and n1 take local SSDs at a price of their own; none is counted here.
- How fast an A10G multiplies int8, and a B300 int8 and float4: the sources are silent, or differ.
"""

PRICE_FILE = f"""\
## Your own prices

`llmctl size --prices FILE` takes negotiated or newer prices from a CSV table in UTF-8. Its first line names the
columns, in any order:

```csv
{",".join(COLUMNS)}
aws,g6.2xlarge,us-east-1,0.62,,2026-11-01,contract 4711
gcp,a3-highgpu-8g,europe-west4,71.5,40.1,2026-11-01,quote of October
```

`on_demand` and `spot` are US dollars an hour for the whole machine, `spot` may be empty, `date` is the day on which
`source` gave the price. A row takes the place of the snapshot's price of that machine type in that region, spot
included, or adds the region. A row that cannot be right stops the command with its line.
"""


def page() -> str:
    clouds = "\n".join(_cloud(cloud) for cloud in Cloud)
    parts = [INTRODUCTION, ACCELERATORS + "\n" + _accelerators(), _sources(), clouds, _prices(), UNKNOWN, PRICE_FILE]
    return "\n".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _accelerators() -> str:
    head = [
        "name",
        "what it is",
        "GiB",
        "usable MiB",
        "GB/s",
        *(f"{each} TFLOPS" for each in DTYPES),
        "sm",
        "link GB/s",
    ]
    return _table(head, (_accelerator(each) for each in accelerators().values()))


def _accelerator(known: Accelerator) -> list[str]:
    rates = [f"{known.flops[each] / 1e12:,.10g}" if each in known.flops else "-" for each in DTYPES]
    capability = ".".join(map(str, known.compute_capability)) if known.compute_capability else "-"
    return [
        f"`{known.name}`",
        known.title,
        f"{known.memory // GIB}",
        f"{known.usable_memory // 1024**2:,}",
        f"{known.bandwidth / 1e9:,.0f}",
        *rates,
        capability,
        f"{known.link_bandwidth / 1e9:,.0f}{' NVLink' if known.nvlink else ''}",
    ]


def _sources() -> str:
    rows = (
        [f"`{each.name}`", each.source, each.memory_source, each.visible_source or "-", f"{each.read_on}"]
        for each in accelerators().values()
    )
    return "### Sources\n\n" + _table(["name", "figures", "usable memory", "what CUDA gives", "read on"], rows)


def _cloud(cloud: Cloud) -> str:
    title = {Cloud.AWS: "AWS", Cloud.GCP: "Google Cloud", Cloud.AZURE: "Azure"}[cloud]
    machines = [each for each in machine_types() if each.cloud is cloud]
    head = [
        "machine type",
        "accelerators",
        "vCPUs",
        "RAM GiB",
        "local GB",
        "Gbit/s",
        "regions",
        "cheapest",
        "$/h",
        "spot",
    ]
    facts = sorted({f"{each.source} ({each.as_of})" for each in machines})
    table = _table(head, (_machine_type(each) for each in machines))
    return f"## Machine types of {title}\n\nRead in {'; '.join(facts)}.\n{MACHINE_TYPES}\n{table}"


def _machine_type(machine: MachineType) -> list[str]:
    cheapest = machine.prices[0]
    spot = [price.spot for price in machine.prices if price.spot is not None]
    return [
        f"`{machine.name}`" + (" (spot only)" if machine.spot_only else ""),
        f"{machine.accelerator}:{machine.gpus}",
        f"{machine.vcpus:g}",
        f"{machine.memory / GIB:,.4g}" if machine.memory < 1000 * GIB else f"{machine.memory / GIB:,.0f}",
        f"{machine.local_storage / 1e9:,.0f}" if machine.local_storage else "-",
        f"{machine.network / 1e9:,.4g}" if machine.network else "-",
        f"{len(machine.prices)}",
        cheapest.region,
        f"{cheapest.on_demand:.2f}",
        f"{min(spot):.2f}" if spot else "-",
    ]


def _prices() -> str:
    prices: dict[tuple[str, str, str], list[Price]] = {}
    for machine in machine_types():
        for price in machine.prices:
            prices.setdefault((machine.cloud, price.source, f"{price.as_of}"), []).append(price)
    rows = ([cloud, source, day, f"{len(found):,}"] for (cloud, source, day), found in prices.items())
    return "## Where the prices come from\n\n" + _table(["cloud", "source", "day", "prices"], rows)
