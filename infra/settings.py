"""StackSettings: the `llmctl:` configuration of one stack, as plain values.

`target` and `model` are all a user must write. Every field says its unit, its default and the reason for it;
the JSON schema for editors, the documentation and `llmctl config show` are made from these fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from llmctl.infra.aws_settings import AwsSettings
from llmctl.infra.cluster_settings import ClusterSettings, GatewaySettings
from llmctl.infra.model_settings import ModelSettings
from llmctl.infra.settings_base import Settings, Whole

SECRET_KEYS = frozenset({"apiKey", "hubToken"})
"""Keys that only `pulumi config set --secret` may write; their values never become settings."""


class TargetName(StrEnum):
    """Where a stack runs."""

    LOCAL = "local"
    KUBERNETES = "kubernetes"
    AWS = "aws"


MODEL_DEFAULTS: Mapping[TargetName, Mapping[str, Any]] = {
    TargetName.LOCAL: {"max_batch_size": 8, "max_batch_prefill_tokens": 512}
}
"""What a target sets where the stack file leaves it to the engine; the settings' docstrings say why."""

GRACEFUL_SECONDS: Mapping[TargetName, int] = {TargetName.LOCAL: 30, TargetName.KUBERNETES: 600, TargetName.AWS: 600}


class StackSettings(Settings):
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

    graceful_termination_timeout: Annotated[int | None, Field(ge=0, le=3600), Whole] = None
    """Seconds that requests in flight may still take when a server or gateway is stopped; what runs longer is cut off.
    Unset: 30 on the local target, 600 in a cluster, where replicas are replaced under long answers."""

    cluster: ClusterSettings | None = None
    """The cluster, for the target kubernetes; what runs in it, for aws."""

    aws: AwsSettings | None = None
    """The account and what is made in it, for the target aws."""

    gateway: GatewaySettings | None = None
    """What the gateway holds its clients to, in a cluster. Unset: its defaults."""

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
        return _ids_from_names({**rest, "models": {data["model"]: {}}})

    def resolved(self) -> StackSettings:
        """With what the target sets where nothing is written."""
        defaults = MODEL_DEFAULTS.get(self.target, {})
        models = {
            name: model.model_copy(update={k: v for k, v in defaults.items() if getattr(model, k) is None})
            for name, model in self.models.items()
        }
        gateway = self.gateway or (GatewaySettings() if self.target is not TargetName.LOCAL else None)
        graceful = self.graceful_seconds
        return self.model_copy(update={"models": models, "gateway": gateway, "graceful_termination_timeout": graceful})

    @property
    def graceful_seconds(self) -> int:
        written = self.graceful_termination_timeout
        return GRACEFUL_SECONDS[self.target] if written is None else written

    @property
    def the_model(self) -> tuple[str, ModelSettings]:
        """Name and settings of the only model; a local stack has no other."""
        return next(iter(self.models.items()))


def _ids_from_names(data: Any) -> Any:
    """In a `models:` map the name is the id, unless an id is written."""
    models = data.get("models") if isinstance(data, dict) else None
    if not isinstance(models, dict):
        return data
    named = {name: {"id": name, **value} if isinstance(value, dict) else value for name, value in models.items()}
    return {**data, "models": named}
