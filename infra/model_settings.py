"""ModelSettings: one model of a stack, in words that every engine and target shares."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from llmctl.infra.cluster_settings import WeightsSettings
from llmctl.infra.settings_base import Settings, Whole
from llmctl.serving.spec import EngineName

COMMIT = r"^[0-9a-f]{40}$"
ACCELERATOR = r"^(auto|cpu|[a-z][a-z0-9-]*(:[1-9][0-9]{0,2})?)$"


def _plain(value: Any) -> Any:
    # Without this pydantic answers with one error for each type of the union.
    if not isinstance(value, str | int | float | bool):
        raise PydanticCustomError("plain", "Input should be a text, a number, true or false")
    return value


Flag = Annotated[str | int | float | bool, BeforeValidator(_plain)]
"""A value of an engine's own flag."""


class SpeculationSettings(Settings):
    """Guess tokens ahead and check them in one step."""

    tokens: Annotated[int, Field(ge=1, le=32), Whole]
    """How many tokens are guessed at a time."""

    draft_model: str | None = None
    """A small model that guesses. Unset: n-grams of the text so far."""


class ModelSettings(Settings):
    """One model of the stack, and how much of it is served at once."""

    id: Annotated[str, Field(min_length=1)]
    """A Hugging Face Hub id (`owner/name`), or the path of a .gguf file, relative to stacks/."""

    revision: Annotated[str | None, Field(pattern=COMMIT)] = None
    """Commit of the Hub repository, 40 hex digits. Unset: the newest one at the first `up`, kept from then on."""

    quantization: str | None = None
    """Of the weights: a word of `llmctl engines` (fp8, awq…), or of a GGUF repository the file (Q4_K_M). Unset: as they
    are stored; of several GGUF files the first of a documented order."""

    engine: EngineName = EngineName.TGI
    """The inference server. `llmctl engines translate STACK --to ENGINE` shows what another one would change."""

    accelerator: Annotated[str, Field(pattern=ACCELERATOR)] = "auto"
    """GPUs of one replica, such as l4:1 or h100:2; cpu for none. auto: the cheapest that fits, which the plan names."""

    dtype: Literal["float16", "bfloat16", "float32"] | None = None
    """Number format of weights that are not quantized. Unset: as the model is stored."""

    kv_cache_dtype: str | None = None
    """Number format of the KV cache, a word of `llmctl engines`; fp8_e4m3 halves it. Unset: the model's."""

    adapters: dict[str, str] = Field(default_factory=dict)
    """LoRA adapters loaded at start: the name clients ask for, and a Hub id or a directory."""

    speculation: SpeculationSettings | None = None
    """Speculative decoding. Unset: none, because it helps small batches and costs throughput in large ones."""

    trust_remote_code: bool = False
    """Run Python files of the model's repository. Off, because that is somebody else's code beside your data."""

    engine_args: dict[str, Flag] = Field(default_factory=dict)
    """Flags of the engine itself, without leading dashes; true for one without a value. Checked against its release."""

    replicas: Annotated[int, Field(ge=0, le=1000), Whole] = 1
    """Model servers, each on `accelerator`."""

    max_replicas: Annotated[int | None, Field(ge=1, le=1000), Whole] = None
    """Up to so many by the gateway's queue, where the cluster can scale. Unset: `replicas`, always."""

    weights: WeightsSettings = WeightsSettings()
    """Where a replica gets the weights."""

    startup_seconds: Annotated[int | None, Field(ge=10, le=86_400), Whole] = None
    """Budget of a replica's start, from its pod to its first answer. Unset: by the size of image and weights."""

    max_total_tokens: Annotated[int, Field(ge=16, le=1_048_576), Whole] = 2048
    """Tokens of one request, prompt and answer together. 2048 keeps the KV cache of a small model below 300 MB."""

    max_input_tokens: Annotated[int | None, Field(ge=1), Whole] = None
    """Tokens of one prompt. Unset: one less than maxTotalTokens, as in TGI."""

    max_concurrent_requests: Annotated[int, Field(ge=1, le=100_000), Whole] = 128
    """Requests in flight, waiting ones included; above it the answer is 429. TGI's default."""

    max_batch_size: Annotated[int | None, Field(ge=1, le=4096), Whole] = None
    """Requests generated at the same time. Unset: as many as the engine has room for; 8 on the local target, where
    each has its own part of the KV cache."""

    max_batch_prefill_tokens: Annotated[int | None, Field(ge=16, le=65_536), Whole] = None
    """Prompt tokens per batch. Unset: the engine's default; 512 on the local target, because a request whose client
    left is cancelled between two batches."""

    threads: Annotated[int, Field(ge=0, le=1024), Whole] = 0
    """Processor threads. 0: as many as the machine has cores."""

    @model_validator(mode="after")
    def _most_is_not_less(self) -> ModelSettings:
        if self.max_replicas is not None and self.max_replicas < self.replicas:
            raise PydanticCustomError(
                "no_room",
                "maxReplicas ({most}) must not be below replicas ({least})",
                {"most": self.max_replicas, "least": self.replicas},
            )
        return self

    @model_validator(mode="after")
    def _room_for_an_answer(self) -> ModelSettings:
        if self.max_input_tokens is not None and self.max_input_tokens >= self.max_total_tokens:
            raise PydanticCustomError(
                "no_room",
                "maxInputTokens ({given}) must be below maxTotalTokens ({total})",
                {"given": self.max_input_tokens, "total": self.max_total_tokens},
            )
        return self
