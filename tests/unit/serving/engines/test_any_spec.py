"""Whatever is asked of whichever engine, it makes a container that its release understands, or says why not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from drivers.accelerators import A100, B200, H100, INFERENTIA2, L4, MI300X, T4
from drivers.container_specs import ONE_GPU
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.engines.container import SecretKey
from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.errors import EngineError
from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.spec import Adapter, ServingSpec, Speculation

WORDS = sorted({word for engine in ENGINES.values() for word in engine.quantizations})
CACHES = sorted({word for engine in ENGINES.values() for word in engine.kv_cache_dtypes})
ACCELERATORS = [None, T4, L4, A100, H100, B200, MI300X, INFERENTIA2]


def rarely(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Mostly None: a spec that asks for everything is refused for its first wish."""
    return st.one_of(st.none(), st.none(), st.none(), strategy)


@st.composite
def specs(draw: st.DrawFn) -> tuple[ServingSpec, Accelerator | None]:
    accelerator = draw(st.sampled_from(ACCELERATORS))
    total = draw(st.integers(16, 131_072))
    adapters = draw(rarely(st.just((Adapter(name="sql", source="/adapters/sql"),))))
    speculation = st.builds(
        Speculation, tokens=st.integers(1, 32), draft_model=st.sampled_from([None, "/draft.gguf", "o/d"])
    )
    changes = {
        "model": draw(st.sampled_from(["owner/name", "/models/llama", "/models/llama-q4_k_m.gguf"])),
        "accelerator": accelerator.name if accelerator else None,
        "gpus": draw(st.sampled_from([1, 2, 8])) if accelerator else 0,
        "max_total_tokens": total,
        "max_input_tokens": draw(rarely(st.integers(1, total - 1))),
        "max_batch_size": draw(st.one_of(st.none(), st.integers(1, 256))),
        "max_batch_prefill_tokens": draw(st.one_of(st.none(), st.integers(16, 65_536))),
        "dtype": draw(rarely(st.sampled_from(["float16", "bfloat16", "float32"]))),
        "quantization": draw(rarely(st.sampled_from(WORDS))),
        "kv_cache_dtype": draw(rarely(st.sampled_from(CACHES))),
        "adapters": adapters or (),
        "speculation": draw(rarely(speculation)),
        "trust_remote_code": draw(rarely(st.just(True))) or False,
        "hub_token": draw(st.booleans()),
        "api_key": draw(rarely(st.just(True))) or False,
        "startup_seconds": draw(st.integers(1, 7200)),
        "graceful_termination_seconds": draw(st.integers(0, 3600)),
    }
    return replace(ONE_GPU, **changes), accelerator


@pytest.mark.parametrize("engine", ENGINES.values(), ids=lambda engine: str(engine.name))
@given(asked=specs())
def test_a_container_is_understood_by_its_release_or_refused_in_one_line(
    engine: Engine, asked: tuple[ServingSpec, Accelerator | None]
) -> None:
    spec, accelerator = asked
    if reason := engine.refuses(spec, accelerator):
        assert reason.endswith(".")
        assert "\n" not in reason
        with pytest.raises(EngineError, match=f"^{re.escape(reason)}$"):
            engine.container(spec, accelerator)
        return
    container = engine.container(spec, accelerator)
    engine.flags.check(word.removeprefix("--") for word in container.args if word.startswith("--"))
    assert set(container.env) <= engine.flags.environment
    assert not any(word == "None" for word in container.args)
    assert all(isinstance(value, str | SecretKey) for value in container.env.values())
    startup = container.probes.startup
    assert startup.period * startup.failure_threshold >= spec.startup_seconds
    assert container.shutdown.grace_seconds > spec.graceful_termination_seconds
