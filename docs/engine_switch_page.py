"""docs/engine-switch.md, from what the engines say of themselves."""

from __future__ import annotations

from collections.abc import Iterable

from llmctl.serving.engines.behaviour import Knob, Purpose, Topic
from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.registry import ENGINES

INTRODUCTION = """\
# Switching engines

Written by `docs/generate.py`: the tables are what `serving/engines/` says of each engine. `llmctl engines translate`
compares the same words.

A stack moves with one setting, `engine: vllm`. Before that, `llmctl engines translate STACK --to vllm` prints the new
container; what maps; what keeps its name and changes its meaning; what is lost, and what comes nearest; and the series
that dashboards, alerts and scaling must ask for. It changes nothing.

## From Text Generation Inference

What to look at, in the order in which it breaks:

1. **Clients**: `/generate`, `/generate_stream` and `/` exist nowhere else (SGLang has a `/generate` with another body).
   `/v1/chat/completions` and `/v1/completions` do. What sent TGI's `response_format`
   (`{"type": "json", "value": ...}`) sends OpenAI's; what avoided `top_p: 1` and `presence_penalty: 0` may send them.
2. **Model names**: TGI serves whatever name it is sent. vLLM answers 404 for one that it does not know.
3. **Errors**: a full queue is 503 in vLLM and SGLang where TGI says 429, and a bad request is 400 where it says 422.
   Retry on both. TGI and SGLang tell a stream of a full queue by an event of a 200; vLLM answers 503 before it starts.
4. **Limits**: no other engine bounds the prompt by itself. vLLM keeps `maxConcurrentRequests` as TGI does
   (`--max-num-queued-reqs`); SGLang counts the waiting ones only; llama.cpp has no limit.
5. **Memory**: TGI leaves 10 % of each GPU, vLLM 8 % and counts activations in, SGLang computes its share. `llmctl size`
   again, with the engine named.
6. **Quantization**: bitsandbytes, eetq, exl2 and marlin stay behind; GPTQ, AWQ and fp8 move.
7. **Adapters**: vLLM takes the adapter's name as `model`, SGLang `BASE:ADAPTER`, llama.cpp cannot be asked for one.
8. **Alerts**: the series below. TGI's token counters count requests that succeeded; the others count all tokens.

## What each setting means, and what has no setting

"""

UNSEEN = """\
## What was read, and what was not seen

Everything here was read in the releases' own source; no engine was started on a GPU for it. Not stated by any source
that was read: SGLang as another user than root, its ROCm tag of this release, and the compute capability that its fp8
KV cache needs. The tags follow the form of earlier releases, which public deployments name (vLLM 0.30 and 0.31, SGLang
0.5.17 to 0.5.21); whether these releases have them is what `llmctl images lock` asks. Images of both are for CUDA 13,
which needs driver 580 or newer.
"""


def page() -> str:
    return "".join(
        (
            INTRODUCTION,
            _table("", ((topic, [engine.behaviour.meanings[topic] for engine in _engines()]) for topic in Topic)),
            "\n## Routes\n\n",
            _table("", ((purpose, [_routes(engine, purpose) for engine in _engines()]) for purpose in Purpose)),
            "\n## Series\n\n",
            _table("", ((word, [_series(engine, word) for engine in _engines()]) for word in _words())),
            "\n## Flags that `engineArgs` are reached for most\n\nThe same thing, another name, other values.\n\n",
            _table("", ((knob, [_flag(engine, knob) for engine in _engines()]) for knob in Knob)),
            "\n",
            UNSEEN,
        )
    )


def _engines() -> Iterable[Engine]:
    return ENGINES.values()


def _table(corner: str, rows: Iterable[tuple[str, list[str]]]) -> str:
    lines = [f"| {corner} | {' | '.join(engine.title for engine in _engines())} |", "| --- " * (len(ENGINES) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |" for name, cells in rows]
    return "\n".join(lines) + "\n"


def _routes(engine: Engine, purpose: Purpose) -> str:
    found = [f"`{path}`: {route.shape}" for path, route in engine.behaviour.api.items() if route.serves(purpose)]
    return "<br>".join(found) or "none"


def _words() -> Iterable[str]:
    return dict.fromkeys(word for engine in _engines() for word in engine.metrics.names)


def _series(engine: Engine, word: str) -> str:
    name, note = engine.metrics.names[word], engine.behaviour.metric_notes.get(word)
    return (f"`{name}`" if name else "none") + (f" ({note})" if note else "")


def _flag(engine: Engine, knob: Knob) -> str:
    return f"`--{engine.behaviour.knobs[knob]}`" if knob in engine.behaviour.knobs else "none"
