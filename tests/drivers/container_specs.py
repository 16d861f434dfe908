"""The golden containers: what every engine makes of the same wishes, written down whole.

`PYTHONPATH=tests .venv/bin/python -m drivers.container_specs` writes them anew; look at the difference before you
commit it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from drivers.accelerators import H100, INFERENTIA2, L4, MI300X

from llmctl.serving.engines.container import ContainerSpec, Image
from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.server.container import container as server_container
from llmctl.serving.spec import Adapter, EngineName, HostNeeds, ServingSpec, Speculation

GOLDEN = Path(__file__).parents[1] / "unit/serving/engines/golden"

ONE_GPU = ServingSpec(
    model="meta-llama/Llama-3.1-8B-Instruct",
    served_name="llama",
    accelerator="l4",
    gpus=1,
    max_total_tokens=8192,
    max_batch_prefill_tokens=4096,
    max_batch_size=16,
    host=HostNeeds(memory=32 << 30, shared_memory=1 << 30, disk=60 << 30, cpus=4),
)


@dataclass(frozen=True)
class Case:
    name: str
    spec: ServingSpec
    accelerator: Accelerator | None = L4
    gguf: Mapping[str, str] | None = None
    """What llama.cpp is asked instead, where the model or a word of it must be another."""


CASES = (
    Case("one-gpu", ONE_GPU, gguf={"model": "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF"}),
    Case(
        "tensor-parallel",
        replace(
            ONE_GPU,
            model="/models/llama-3.3-70b",
            accelerator="h100",
            gpus=4,
            host=HostNeeds(memory=200 << 30, shared_memory=8 << 30, disk=60 << 30, cpus=32),
            startup_seconds=2400,
        ),
        accelerator=H100,
        gguf={"model": "/models/llama-3.3-70b-q8_0.gguf"},
    ),
    Case(
        "quantized",
        replace(ONE_GPU, quantization="awq", model="hugging-quants/Meta-Llama-3.1-8B-Instruct-AWQ-INT4"),
        gguf={"model": "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF", "quantization": "Q4_K_M"},
    ),
    Case("lora", replace(ONE_GPU, adapters=(Adapter(name="sql", source="/adapters/sql"),))),
    Case("gated", replace(ONE_GPU, revision="0e9e39f249a16976918f6564b8830bc894c89659", hub_token=True)),
    Case(
        "gated-without-revision",
        replace(ONE_GPU, hub_token=True),
        gguf={"model": "google/gemma-3-4b-it-qat-q4_0-gguf"},
    ),
    Case(
        "processor",
        replace(ONE_GPU, accelerator=None, gpus=0, max_batch_size=None),
        accelerator=None,
        gguf={"model": "/models/llama-q4_k_m.gguf"},
    ),
    Case(
        "speculation",
        replace(ONE_GPU, speculation=Speculation(tokens=3), max_batch_prefill_tokens=None),
        gguf={"model": "/models/llama.gguf"},
    ),
    Case("api-key", replace(ONE_GPU, api_key=True), gguf={"model": "/models/llama.gguf"}),
    Case("fp8-kv-cache", replace(ONE_GPU, kv_cache_dtype="fp8_e4m3"), gguf={"kv_cache_dtype": "q8_0"}),
    Case(
        "amd",
        replace(ONE_GPU, accelerator="mi300x", max_batch_prefill_tokens=None),
        accelerator=MI300X,
        gguf={"model": "/models/llama.gguf"},
    ),
    Case(
        "inferentia",
        replace(ONE_GPU, accelerator="inferentia2", dtype="bfloat16", max_batch_prefill_tokens=None),
        accelerator=INFERENTIA2,
    ),
)

ALL = [(engine, case) for engine in ENGINES.values() for case in CASES]


def asked(engine: Engine, case: Case) -> ServingSpec:
    return replace(case.spec, **(case.gguf or {})) if engine.name is EngineName.LLAMACPP else case.spec  # type: ignore[arg-type]


def made(engine: Engine, case: Case) -> ContainerSpec | None:
    """The container, or None where the engine refuses the case."""
    try:
        return engine.container(asked(engine, case), case.accelerator)
    except EngineError:
        return None


def written(engine: Engine, case: Case) -> str:
    """The whole container as JSON, or the refusal."""
    try:
        answer = {"container": asdict(engine.container(asked(engine, case), case.accelerator))}
    except EngineError as error:
        answer = {"refused": str(error)}  # type: ignore[dict-item]
    return json.dumps(answer, indent=1) + "\n"


def path(engine: Engine, case: Case) -> Path:
    return GOLDEN / f"{engine.name}-{case.name}.json"


SERVER_GOLDEN = Path(__file__).parents[1] / "unit/serving/server/container.json"
"""llmctl's own server, which is no engine of the registry and refuses most of the cases."""

ON_PROCESSORS = replace(ONE_GPU, model="/weights/llama.gguf", accelerator=None, gpus=0)
SERVER_IMAGE = Image(repository="registry.example.com/llmctl/server", tag="0.1.0")


def server_written() -> str:
    return json.dumps({"container": asdict(server_container(ON_PROCESSORS, SERVER_IMAGE))}, indent=1) + "\n"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for stale in GOLDEN.glob("*.json"):
        stale.unlink()
    for engine, case in ALL:
        path(engine, case).write_text(written(engine, case), encoding="utf-8")
    SERVER_GOLDEN.write_text(server_written(), encoding="utf-8")
