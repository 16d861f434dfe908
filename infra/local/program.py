"""The Pulumi program of a local stack: one model server process on this machine."""

from __future__ import annotations

from typing import cast

import pulumi

from llmctl.infra.local.model_server import ModelServer, ModelServerArgs
from llmctl.infra.local.status import SERVER, server_directory
from llmctl.infra.plan import CHOICE
from llmctl.infra.project import user_cache
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


def program(settings: StackSettings, context: StackContext) -> None:
    """Declare the server. Stack outputs: `endpoint` (URL), `apiKey` (secret), `apiKeyFile`, `model`."""
    name, model = settings.resolved().the_model
    if model.accelerator == "auto":
        pulumi.log.info(f"{CHOICE}{name} runs on this machine's processor: the local target has no accelerator.")
    server = ModelServer(
        SERVER,
        ModelServerArgs(
            model=model.id,
            revision=model.revision,
            quantization=model.quantization,
            directory=str(server_directory(context)),
            base=str(context.project.stacks),
            cache=str(user_cache()),
            hostname=settings.hostname,
            port=settings.port,
            max_concurrent_requests=model.max_concurrent_requests,
            max_input_tokens=model.max_input_tokens,
            max_total_tokens=model.max_total_tokens,
            max_batch_size=cast(int, model.max_batch_size),  # MODEL_DEFAULTS has both
            max_batch_prefill_tokens=cast(int, model.max_batch_prefill_tokens),
            threads=model.threads,
            graceful_termination_timeout=settings.graceful_seconds,
            api_key=_api_key(context),
        ),
    )
    pulumi.export("endpoint", server.url)
    pulumi.export("apiKey", pulumi.Output.secret(server.api_key))
    pulumi.export("apiKeyFile", server.api_key_file)
    pulumi.export("model", name)


def _api_key(context: StackContext) -> pulumi.Output[str] | None:
    """The user's own key, where one is set; else the provider makes one."""
    return pulumi.Config("llmctl").require_secret("apiKey") if "apiKey" in context.secrets else None
