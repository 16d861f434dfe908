"""The package schema that the plugin answers with, made from the table of inputs."""

from __future__ import annotations

from typing import Any

from llmctl.infra.provider.inputs import INPUTS, SECRET_INPUTS, Input

TYPE_TOKEN = "llmctl:local:ModelServer"  # noqa: S105  (a type token, not a credential)

OUTPUTS = {
    "url": "Base URL of the endpoint.",
    "apiKey": "Key that clients must send.",
    "apiKeyFile": "File of mode 0600 that holds the key.",
    "modelFile": "The GGUF file that is served.",
    "modelRevision": "Commit of the model's repository; empty where there is none.",
    "modelSha256": "SHA-256 of the file.",
    "process": "running; after a refresh also starting, crash-looping or unsupervised.",
    "processId": "Pid of the supervisor, which stays the same when the server is restarted after a crash.",
}


def schema(version: str) -> dict[str, Any]:
    """Pulumi package schema (https://www.pulumi.com/docs/iac/using-pulumi/pulumi-packages/schema/)."""
    inputs = {name: _property(name, spec) for name, spec in INPUTS.items()}
    outputs = {name: _output(name, text) for name, text in OUTPUTS.items()}
    resource = {
        "description": "A supervised model server process on this machine.",
        "inputProperties": inputs,
        "requiredInputs": [name for name, spec in INPUTS.items() if spec.required],
        "properties": {**inputs, **outputs},
        "required": [*(name for name, spec in INPUTS.items() if spec.required), *OUTPUTS],
    }
    return {
        "name": "llmctl",
        "version": version,
        "description": "The resource of llmctl's local stacks.",
        "resources": {TYPE_TOKEN: resource},
    }


def _property(name: str, spec: Input) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": "integer" if spec.type is int else "string",
        "description": spec.description,
    }
    if name == "directory":
        described["willReplaceOnChanges"] = True
    return described | ({"secret": True} if name in SECRET_INPUTS else {})


def _output(name: str, text: str) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "integer" if name == "processId" else "string", "description": text}
    return described | ({"secret": True} if name in SECRET_INPUTS else {})
