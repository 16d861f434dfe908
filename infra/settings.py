"""StackSettings: the `llmctl:` configuration of one stack, as plain values.

`target` and `model` are all a user must write. Every field says its unit, its default and the reason for it;
the JSON schema for editors, the documentation and `llmctl config show` are made from these fields.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

SECRET_KEYS = frozenset({"apiKey"})
"""Keys that only `pulumi config set --secret` may write; their values never become settings."""


class TargetName(StrEnum):
    """Where a stack runs."""

    LOCAL = "local"


def _no_truth_value(value: Any) -> Any:
    # `pulumi config set` writes numbers as text, so text is taken; YAML's true would silently become 1.
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Input should be a whole number")
    return value


Whole = BeforeValidator(_no_truth_value)


class _Settings(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=False, use_attribute_docstrings=True
    )


class ModelSettings(_Settings):
    """One model of the stack, and how much of it is served at once."""

    id: Annotated[str, Field(min_length=1)]
    """A Hugging Face Hub id (`owner/name`), or the path of a .gguf file, relative to stacks/."""

    revision: Annotated[str | None, Field(pattern=r"^[0-9a-f]{40}$")] = None
    """Commit of the Hub repository, 40 hex digits. Unset: the newest one at the first `up`, kept from then on."""

    quantization: str | None = None
    """Which file of a GGUF repository, such as Q4_K_M. Unset: the first it has of a documented order."""

    max_total_tokens: Annotated[int, Field(ge=16, le=1_048_576), Whole] = 2048
    """Tokens of one request, prompt and answer together. 2048 keeps the KV cache of a small model below 300 MB."""

    max_input_tokens: Annotated[int | None, Field(ge=1), Whole] = None
    """Tokens of one prompt. Unset: one less than maxTotalTokens, as in TGI."""

    max_concurrent_requests: Annotated[int, Field(ge=1, le=100_000), Whole] = 128
    """Requests in flight, waiting ones included; above it the answer is 429. TGI's default."""

    max_batch_size: Annotated[int, Field(ge=1, le=256), Whole] = 8
    """Requests generated at the same time (llama.cpp slots); each has its own part of the KV cache."""

    max_batch_prefill_tokens: Annotated[int, Field(ge=16, le=65_536), Whole] = 512
    """Prompt tokens per batch. Small, because a request whose client left is cancelled between two batches."""

    threads: Annotated[int, Field(ge=0, le=1024), Whole] = 0
    """Processor threads. 0: as many as the machine has cores."""

    @model_validator(mode="after")
    def _room_for_an_answer(self) -> ModelSettings:
        if self.max_input_tokens is not None and self.max_input_tokens >= self.max_total_tokens:
            raise PydanticCustomError(
                "no_room",
                "maxInputTokens ({given}) must be below maxTotalTokens ({total})",
                {"given": self.max_input_tokens, "total": self.max_total_tokens},
            )
        return self


class StackSettings(_Settings):
    """Everything one stack is made from. Keys stand in Pulumi.<stack>.yaml as `llmctl:<key>`."""

    target: TargetName
    """Where the stack runs."""

    models: Annotated[dict[str, ModelSettings], Field(min_length=1)]
    """The models by the name that clients ask for. `llmctl:model: X` is short for one model of that id and name."""

    backend: str | None = None
    """Where Pulumi keeps the state (file://, s3://, gs://, azblob://, https://). Unset: a directory under .llmctl/."""

    hostname: str = "127.0.0.1"
    """Address the endpoint listens on. Loopback, because a laptop is no place for an open port."""

    port: Annotated[int, Field(ge=1, le=65_535), Whole] = 8080
    """TCP port of the endpoint."""

    graceful_termination_timeout: Annotated[int, Field(ge=0, le=3600), Whole] = 30
    """Seconds that requests in flight may still take when the server is stopped."""

    @model_validator(mode="before")
    @classmethod
    def _write_the_short_form_out(cls, data: Any) -> Any:
        if not isinstance(data, dict) or "model" not in data:
            return _ids_from_names(data)
        if "models" in data:
            raise PydanticCustomError("model_twice", "llmctl:model and llmctl:models are both set; keep one")
        rest = {key: value for key, value in data.items() if key != "model"}
        if not isinstance(data["model"], str) or not data["model"]:
            raise PydanticCustomError(
                "short_form", "llmctl:model should be a model id such as owner/name, or a .gguf file"
            )
        return {**rest, "models": {data["model"]: {"id": data["model"]}}}

    @model_validator(mode="after")
    def _as_many_models_as_the_target_serves(self) -> StackSettings:
        if self.target is TargetName.LOCAL and len(self.models) > 1:
            raise PydanticCustomError(
                "one_model",
                "the local target serves exactly one model, and {count} are named ({names}); keep one of them",
                {"count": len(self.models), "names": ", ".join(self.models)},
            )
        return self

    @property
    def the_model(self) -> tuple[str, ModelSettings]:
        """Name and settings of the only model of a local stack."""
        return next(iter(self.models.items()))


def _ids_from_names(data: Any) -> Any:
    """In a `models:` map the name is the id, unless an id is written."""
    models = data.get("models") if isinstance(data, dict) else None
    if not isinstance(models, dict):
        return data
    named = {name: {"id": name, **value} if isinstance(value, dict) else value for name, value in models.items()}
    return {**data, "models": named}
