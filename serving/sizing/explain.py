"""Every term of a sizing, with its number, formula and source: `llmctl size --explain`."""

from __future__ import annotations

from dataclasses import replace

from llmctl.serving.hardware.accelerator import Accelerator
from llmctl.serving.models.facts import ModelFacts
from llmctl.serving.sizing.activations import VISION_BYTES, bytes_per_token, sees
from llmctl.serving.sizing.answer import Fit
from llmctl.serving.sizing.cost import FORMULA
from llmctl.serving.sizing.engine_memory import ENGINE_MEMORY, GIB, VISIBLE
from llmctl.serving.sizing.expert_kernels import SOURCE as KERNEL_SOURCE
from llmctl.serving.sizing.expert_kernels import ExpertKernel
from llmctl.serving.sizing.host import host_needs
from llmctl.serving.sizing.kv_cache import kv_cache
from llmctl.serving.sizing.load import Load, expert_kernel, prefill_tokens, sequences, visible_memory
from llmctl.serving.sizing.memory import MemorySplit, split_memory
from llmctl.serving.sizing.sglang_share import mem_fraction_static
from llmctl.serving.sizing.term import Term
from llmctl.serving.sizing.throughput import BANDWIDTH_EFFICIENCY, COMPUTE_EFFICIENCY, Throughput
from llmctl.serving.sizing.weights import loaded_twice, weight_bytes, weights_per_gpu
from llmctl.serving.spec import EngineName

CALIBRATED = "calibrated on published measurements: docs/sizing.md"
KV_SOURCE = (
    "TGI 3.3.7 server/text_generation_server/models/flash_causal_lm.py; vLLM 0.33.0 vllm/v1/core/kv_cache_utils.py"
)

PREFILL = {
    EngineName.TGI: "TGI 3.3.7 launcher/src/main.rs",
    EngineName.VLLM: "vLLM 0.33.0 vllm/engine/arg_utils.py",
    EngineName.SGLANG: "SGLang 0.5.23 srt/arg_groups/memory_hook.py",
    EngineName.LLAMACPP: "llama.cpp: n_ubatch",
}

ROOFLINE = (
    f"assumed: {COMPUTE_EFFICIENCY:.0%} of the data sheet's FLOP/s and {BANDWIDTH_EFFICIENCY:.0%} of its bandwidth"
)


def explain(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load) -> tuple[Term, ...]:
    """The terms of the memory of one GPU, in the order in which they are reckoned. `load.prefill_tokens` as it ran."""
    split = split_memory(facts, accelerator, gpus, load)
    return (
        *_of_model(facts, accelerator, gpus, load),
        *_of_gpu(facts, accelerator, gpus, load, split),
        *_left(load, split),
    )


def explain_fit(facts: ModelFacts, fit: Fit, load: Load) -> tuple[Term, ...]:
    """The terms behind a Fit: memory, host, speed and price; each replica with its share of the concurrency."""
    tokens = load.prefill_tokens if fit.prefill_tokens is None else fit.prefill_tokens
    asked = replace(load, prefill_tokens=tokens, concurrency=-(-load.concurrency // fit.replicas))
    speed = _of_speed(fit, fit.throughput) if fit.throughput else ()
    return (*explain(facts, fit.accelerator, fit.gpus, asked), *_of_host(facts, fit.gpus), *speed)


def _of_model(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load) -> tuple[Term, ...]:
    cache = kv_cache(facts, engine=load.engine, dtype=load.kv_cache_dtype, gpus=gpus)
    stored = load.quantization or (facts.quantization.method if facts.quantization else "16 bits")
    margin, unsure = 1 + facts.margin, f", and {facts.margin:.0%} for what is not known" if facts.margin else ""
    whole = int(margin * weight_bytes(facts, load.quantization))
    extra = int(margin * weights_per_gpu(facts, load.quantization, gpus, load.engine)) - whole // gpus
    extra += loaded_twice(facts, gpus, load.engine)
    kernel = expert_kernel(facts, accelerator, load)
    tokens = prefill_tokens(facts, accelerator, gpus, load)
    asked = (
        "told to the engine: maxBatchPrefillTokens"
        if load.prefill_tokens is not None
        else f"the default of {load.engine}"
    )
    return (
        _bytes("weights of the model", whole, f"{facts.parameters:,} parameters in {stored}{unsure}", facts.source),
        _bytes("weights kept whole or twice", extra, f"beyond an even share on {gpus} GPU(s)", CALIBRATED),
        *(_of_kernel(facts, accelerator, gpus, load, kernel) if kernel else ()),
        _bytes("cache per token and GPU", cache.per_token, _cache_formula(facts, load.engine), KV_SOURCE),
        _bytes(
            "cache per request and GPU",
            int(margin * cache.request(load.context)),
            f"{load.context:,} tokens{unsure}",
            KV_SOURCE,
        ),
        Term(name="tokens computed at once", value=tokens, unit="tokens", formula=asked, source=PREFILL[load.engine]),
        _bytes("peak per such token", bytes_per_token(facts, gpus, load.engine), _peak_formula(facts), CALIBRATED),
    )


def _of_kernel(
    facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load, kernel: ExpertKernel
) -> tuple[Term, ...]:
    capability = ".".join(map(str, accelerator.compute_capability or ()))
    chosen = f"what {load.engine} takes on {f'compute capability {capability}' if capability else 'AMD'}"
    formula = f"for {kernel.name} kernels, {'as asked' if load.kernel else chosen}: docs/sizing.md"
    return (
        _bytes(
            "experts filled up",
            int((1 + facts.margin) * kernel.growth(facts, gpus)),
            formula,
            KERNEL_SOURCE[load.engine],
        ),
    )


def _cache_formula(facts: ModelFacts, engine: EngineName) -> str:
    if facts.latent_attention is None:
        kept = ", of layers without a window" if facts.window_layers and engine is not EngineName.TGI else ""
        return f"2 * layers * KV heads * head size * bytes / GPUs{kept}"
    if engine is EngineName.TGI:
        return "2 * layers * heads * 3 * rotary head size * bytes / GPUs: latent attention, expanded"
    return "layers * ((latent rank + rotary head size) * bytes + indexer): latent attention, whole on every GPU"


def _peak_formula(facts: ModelFacts) -> str:
    if facts.experts:
        return "2 * (active experts * (max(2 * width / GPUs, hidden) + width / GPUs) + 4 * hidden)"
    return "2 * (3 * feed-forward / GPUs + 4 * hidden)"


def _of_gpu(facts: ModelFacts, accelerator: Accelerator, gpus: int, load: Load, split: MemorySplit) -> tuple[Term, ...]:
    rules = ENGINE_MEMORY[load.engine]
    share = rules.share if load.memory_share is None else load.memory_share
    if load.engine is EngineName.SGLANG:
        share = mem_fraction_static(facts, accelerator, gpus, load)
    asked = "as asked" if load.memory_share is not None else f"the default of {load.engine}"
    seen = visible_memory(accelerator, load)
    reads = f"max(prefill, {sequences(accelerator, load)} sequences sampled)" if rules.sampled_bytes else "prefill"
    reads += f" + {VISION_BYTES / GIB:.2f} GiB for the image encoder" if sees(facts) else ""
    return (
        _bytes("memory of the GPU", accelerator.usable_memory, "as nvidia-smi reports it", accelerator.memory_source),
        _visible(accelerator, seen),
        Term(name="share taken", value=share or 1.0, unit="", formula=asked, source=rules.share_source),
        _bytes("weights per GPU", split.weights, f"weights / {gpus} + what is kept whole", "the above"),
        _bytes("activations", split.activations, reads, CALIBRATED),
        _bytes("overhead", split.overhead, "context + libraries + graphs + what the driver keeps", rules.source),
        _bytes("left alone", split.reserved, "(1 - share) * memory", rules.share_source),
    )


def _visible(accelerator: Accelerator, seen: int) -> Term:
    if accelerator.visible_source is None:
        return _bytes("memory CUDA gives", seen, f"{VISIBLE} * memory of the GPU", CALIBRATED)
    return _bytes("memory CUDA gives", seen, "as logs report it", accelerator.visible_source)


def _left(load: Load, split: MemorySplit) -> tuple[Term, ...]:
    divided = "cache / cache per request"
    return (
        _bytes(
            "cache", split.kv_cache, "memory of the GPU - weights - activations - overhead - left alone", "the above"
        ),
        Term(
            name="tokens of cache",
            value=split.kv_tokens,
            unit="tokens",
            formula=f"{divided} * context",
            source=KV_SOURCE,
        ),
        Term(
            name="requests at once",
            value=split.requests,
            unit="requests",
            formula=divided,
            source=f"of {load.context:,} tokens",
        ),
        _bytes("not used", split.free, "what llama.cpp does not need", "the above"),
    )


def _of_host(facts: ModelFacts, gpus: int) -> tuple[Term, ...]:
    needs = host_needs(facts, gpus)
    return (
        _bytes(
            "RAM",
            needs.memory,
            "largest weight file + 8 GiB + shared memory",
            "assumed: serving/sizing/host.py",
        ),
        _bytes("shared memory", needs.shared_memory, "1 GiB with tensor parallelism", "TGI's README: --shm-size 1g"),
        _bytes("disk", needs.disk, "25 GB image + 1.1 * weights", "assumed: serving/sizing/host.py"),
    )


def _of_speed(fit: Fit, speed: Throughput) -> tuple[Term, ...]:
    decode = f"{speed.batch} requests / max(bytes read / bandwidth, FLOP / FLOP/s) + all-reduces"
    found = f"{fit.price.source}, {fit.price.as_of.isoformat()}, {fit.price.region}"
    terms = [
        Term(
            name="prefill, estimated",
            value=speed.prefill,
            unit="tokens/s",
            formula="FLOP/s / (2 * active)",
            source=ROOFLINE,
        ),
        Term(name="decode, estimated", value=speed.decode, unit="tokens/s", formula=decode, source=ROOFLINE),
        Term(
            name="price",
            value=fit.hourly,
            unit="$/h",
            formula=f"{fit.machine.name}, {'spot' if fit.machine.spot_only else 'on demand'}",
            source=found,
        ),
    ]
    if fit.dollars_per_million is not None:
        money = fit.dollars_per_million
        terms.append(Term(name="cost, estimated", value=money, unit="$/1M tokens", formula=FORMULA, source="the above"))
    return tuple(terms)


def _bytes(name: str, value: int, formula: str, source: str) -> Term:
    return Term(name=name, value=value, unit="bytes", formula=formula, source=source)
