"""What holds for every spec and every pair of engines, not only for those that somebody thought of."""

from __future__ import annotations

from drivers.accelerators import H100
from drivers.translations import PLAIN
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.registry import ENGINES
from llmctl.serving.engines.translation.spec import FIELDS
from llmctl.serving.engines.translation.translation import translate
from llmctl.serving.errors import EngineError
from llmctl.serving.spec import Adapter, ServingSpec, Speculation

ENGINE = st.sampled_from(list(ENGINES.values()))
WORDS = sorted({word for engine in ENGINES.values() for word in engine.quantizations})
CACHES = sorted({word for engine in ENGINES.values() for word in engine.kv_cache_dtypes})
ADAPTER = st.builds(
    Adapter, name=st.sampled_from(["sql", "law"]), source=st.sampled_from(["/adapters/a", "/adapters/b"])
)
SPEC = st.builds(
    ServingSpec,
    model=st.sampled_from(["meta-llama/Llama-3.1-8B-Instruct", "/models/llama", "/models/llama.gguf"]),
    served_name=st.just("llama"),
    accelerator=st.just("h100"),
    gpus=st.sampled_from([1, 2, 8]),
    max_total_tokens=st.integers(16, 1 << 20),
    max_input_tokens=st.none() | st.integers(1, 15),
    max_batch_size=st.none() | st.integers(1, 256),
    max_batch_prefill_tokens=st.none() | st.integers(16, 65536),
    max_concurrent_requests=st.integers(1, 1000),
    dtype=st.sampled_from([None, "float16", "bfloat16"]),
    quantization=st.none() | st.sampled_from(WORDS),
    kv_cache_dtype=st.none() | st.sampled_from(CACHES),
    adapters=st.lists(ADAPTER, max_size=2, unique_by=lambda adapter: adapter.name).map(tuple),
    speculation=st.none()
    | st.builds(Speculation, tokens=st.integers(1, 32), draft_model=st.sampled_from([None, "/draft"])),
    trust_remote_code=st.booleans(),
    hub_token=st.booleans(),
    api_key=st.booleans(),
    host=st.just(PLAIN.host),
)


@given(spec=SPEC, source=ENGINE, to=ENGINE)
def test_a_translation_serves_what_is_left_or_says_why_not(spec: ServingSpec, source: Engine, to: Engine) -> None:
    try:
        translation = translate(spec, H100, source, to)
    except EngineError:
        assert source.refuses(spec, H100)
        return
    assert (translation.container is None) is (translation.blocked is not None)
    assert translation.blocked == to.refuses(translation.spec, H100)
    if translation.container:
        to.flags.check(word.removeprefix("--") for word in translation.container.args if word.startswith("--"))
    lost = {lost.what for lost in translation.lost}
    for setting, name in FIELDS.items():
        kept = getattr(translation.spec, name) == getattr(spec, name)
        assert kept or setting in lost, f"{setting} changed without a word"


@given(spec=SPEC, source=ENGINE)
def test_a_translation_to_the_same_engine_loses_nothing(spec: ServingSpec, source: Engine) -> None:
    if source.refuses(spec, H100):
        return
    translation = translate(spec, H100, source, source)
    assert translation.spec == spec
    assert not translation.changed
    assert translation.container == source.container(spec, H100)
