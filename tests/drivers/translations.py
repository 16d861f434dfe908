"""The translations that were read: what changes between two engines, one fact per line.

`PYTHONPATH=tests .venv/bin/python -m drivers.translations` writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from drivers.accelerators import H100

from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.engines.translation.translation import Translation, translate
from llmctl.serving.spec import Adapter, EngineName, HostNeeds, ServingSpec, Speculation

READ = Path(__file__).parents[1] / "unit/serving/engines/translations"

PLAIN = ServingSpec(
    model="meta-llama/Llama-3.1-8B-Instruct",
    served_name="llama",
    accelerator="h100",
    gpus=1,
    max_total_tokens=8192,
    host=HostNeeds(memory=64 << 30, shared_memory=2 << 30, disk=80 << 30, cpus=8),
)
RICH = replace(
    PLAIN,
    revision="0" * 40,
    gpus=2,
    max_input_tokens=6000,
    max_batch_prefill_tokens=4096,
    quantization="bitsandbytes-nf4",
    adapters=(Adapter(name="sql", source="/adapters/sql"),),
    hub_token=True,
    api_key=True,
    engine_args={"max-best-of": 4, "validation-workers": 2},
)
"""Uses what TGI has and others lack."""

QUICK = replace(
    PLAIN,
    quantization="awq",
    max_batch_size=64,
    speculation=Speculation(tokens=4, draft_model="meta-llama/Llama-3.2-1B-Instruct"),
    engine_args={"enforce-eager": True, "gpu-memory-utilization": 0.85},
)
"""Uses what vLLM has and others lack."""

GGUF = replace(PLAIN, model="/models/llama.gguf")

CASES = {
    ("tgi", "vllm"): RICH,
    ("tgi", "sglang"): RICH,
    ("tgi", "llamacpp"): PLAIN,
    ("vllm", "tgi"): QUICK,
    ("vllm", "sglang"): QUICK,
}


def translated(spec: ServingSpec, source: str, to: str) -> Translation:
    return translate(spec, H100, ENGINES[EngineName(source)], ENGINES[EngineName(to)])


def lines(translation: Translation) -> Iterator[str]:
    yield f"{translation.source} -> {translation.to}"
    yield f"blocked: {translation.blocked}"
    yield f"args: {' '.join(translation.container.args) if translation.container else None}"
    for kind in ("mapped", "changed", "lost", "metrics"):
        for fact in getattr(translation, kind):
            yield f"{kind}: {json.dumps(asdict(fact), ensure_ascii=False)}"


def path(source: str, to: str) -> Path:
    return READ / f"{source}-{to}.txt"


if __name__ == "__main__":
    READ.mkdir(exist_ok=True)
    for (source, to), spec in CASES.items():
        path(source, to).write_text("\n".join(lines(translated(spec, source, to))) + "\n", encoding="utf-8")
