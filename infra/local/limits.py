"""What a stack file may ask for and the local target cannot do: it is told before anything is started."""

from __future__ import annotations

from collections.abc import Iterator

from llmctl.infra.settings import StackSettings
from llmctl.infra.stack_file import Location
from llmctl.serving.spec import EngineName

ONLY_ENGINE = EngineName.TGI
"""Its API is what the local model server speaks; what computes below it is llama.cpp."""

ELSEWHERE = {
    "dtype": "a GGUF file brings its own number format",
    "kv_cache_dtype": "its KV cache is float16",
    "adapters": "it loads no LoRA adapters",
    "speculation": "it does not speculate",
    "trust_remote_code": "it runs no Python of a model's repository",
    "engine_args": "its model server has no flags of an engine",
    "replicas": "it runs one model server",
    "max_replicas": "it runs one model server",
    "weights": "it takes weights from the Hub, or from a .gguf file that the model's id names",
    "startup_seconds": "a start on this machine has no budget",
}
"""Settings whose default is the only value here, and why."""

CLUSTER_ONLY = ("cluster", "gateway", "aws")


def limits(settings: StackSettings) -> Iterator[tuple[Location, str]]:
    """Each setting that cannot be had, with the reason."""
    for key in CLUSTER_ONLY:
        if getattr(settings, key) is not None:
            yield (key,), "the local target has no cluster; take it out, or set llmctl:target to kubernetes or aws"
    if len(settings.models) > 1:
        names = ", ".join(settings.models)
        yield (
            ("models",),
            f"the local target serves exactly one model, and {len(settings.models)} are named ({names}); "
            "keep one of them",
        )
    for name, model in settings.models.items():
        if model.engine is not ONLY_ENGINE:
            yield (
                ("models", name, "engine"),
                f"the local target serves {ONLY_ENGINE}'s API only; allowed: {ONLY_ENGINE}",
            )
        if model.accelerator not in ("auto", "cpu"):
            yield (
                ("models", name, "accelerator"),
                f"the local target computes on the processor, not on {model.accelerator}; allowed: auto, cpu",
            )
        for field, reason in ELSEWHERE.items():
            if getattr(model, field) != type(model).model_fields[field].get_default(call_default_factory=True):
                alias = type(model).model_fields[field].alias or field
                yield ("models", name, alias), f"the local target cannot do this: {reason}; take it out"
