"""Every engine by its name, and who has what: the words an error needs to say where to go instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from llmctl.serving.engines.engine import Engine
from llmctl.serving.engines.llamacpp.release import LLAMACPP
from llmctl.serving.engines.sglang.release import SGLANG
from llmctl.serving.engines.tgi.release import TGI
from llmctl.serving.engines.vllm.release import VLLM
from llmctl.serving.spec import EngineName

ENGINES: Mapping[EngineName, Engine] = {engine.name: engine for engine in (TGI, VLLM, SGLANG, LLAMACPP)}


def others_with(has_it: Callable[[Engine], bool]) -> str:
    """`SGLang and vLLM have it.`: the end of a message about what an engine lacks."""
    titles = sorted(engine.title for engine in ENGINES.values() if has_it(engine))
    if not titles:
        return "No engine here has it."
    *first, last = titles
    return f"{', '.join(first)} and {last} have it." if first else f"{last} has it."
