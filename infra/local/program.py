"""The Pulumi program of a local stack: one model server process on this machine."""

from __future__ import annotations

import pulumi

from llmctl.infra.local.model_server import ModelServer, ModelServerArgs
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext

SERVER = "server"


def program(settings: StackSettings, context: StackContext) -> None:
    """Declare the server. Stack outputs: `endpoint` (URL), `apiKey` (secret), `apiKeyFile`, `model`."""
    name, model = settings.the_model
    server = ModelServer(
        SERVER,
        ModelServerArgs(
            model=model.id,
            revision=model.revision,
            quantization=model.quantization,
            directory=str(context.project.stack_home(context.stack) / "servers" / SERVER),
        ),
    )
    pulumi.export("endpoint", server.url)
    pulumi.export("apiKey", pulumi.Output.secret(server.api_key))
    pulumi.export("apiKeyFile", server.api_key_file)
    pulumi.export("model", name)
