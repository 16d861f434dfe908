"""The model server as a resource of a Pulumi program. The work is done by the plugin in infra/provider."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

import pulumi


@dataclass(frozen=True, kw_only=True)
class ModelServerArgs:
    """Inputs of the server. Sizes are in tokens and requests, as in TGI's launcher; times in seconds."""

    model: pulumi.Input[str]
    """A model id, or the path of a GGUF file, relative to `base`."""

    revision: pulumi.Input[str] | None = None
    """Commit of the model's repository. Left out: the newest one at the first deployment, then that one."""

    quantization: pulumi.Input[str] | None = None
    directory: pulumi.Input[str]
    """Absolute path of this server's own directory; another one is another server."""

    base: pulumi.Input[str]
    cache: pulumi.Input[str]
    hostname: pulumi.Input[str]
    port: pulumi.Input[int]
    max_concurrent_requests: pulumi.Input[int]
    max_input_tokens: pulumi.Input[int] | None = None
    max_total_tokens: pulumi.Input[int]
    max_batch_size: pulumi.Input[int]
    """Slots: how many requests are worked on at the same time."""

    max_batch_prefill_tokens: pulumi.Input[int]
    threads: pulumi.Input[int]
    """0: all cores."""

    graceful_termination_timeout: pulumi.Input[int]
    api_key: pulumi.Input[str] | None = None
    """Left out: the provider makes one and keeps it."""


class ModelServer(pulumi.CustomResource):
    """A supervised model server process on this machine."""

    url: pulumi.Output[str]
    api_key: pulumi.Output[str]
    api_key_file: pulumi.Output[str]
    model_file: pulumi.Output[str]
    model_revision: pulumi.Output[str]
    model_sha256: pulumi.Output[str]
    process: pulumi.Output[str]
    process_id: pulumi.Output[int]

    def __init__(self, name: str, args: ModelServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        inputs = {field.name: getattr(args, field.name) for field in fields(args)}
        outputs = dict.fromkeys(ModelServer.__annotations__)
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["apiKey"])
        super().__init__(
            "llmctl:local:ModelServer", name, {**outputs, **inputs}, pulumi.ResourceOptions.merge(hidden, opts)
        )

    def translate_input_property(self, prop: str) -> str:
        first, *rest = prop.split("_")
        return first + "".join(word.capitalize() for word in rest)

    def translate_output_property(self, prop: str) -> str:
        return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", prop)
