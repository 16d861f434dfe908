"""The JSON schema of a stack file, generated from StackSettings, and the same words for error messages."""

from __future__ import annotations

from typing import Any

from llmctl.infra.cluster_settings import DNS_DOMAIN, DNS_LABEL, HEADER, LABEL_KEY
from llmctl.infra.model_settings import ACCELERATOR, COMMIT
from llmctl.infra.settings import SECRET_KEYS, StackSettings

PATTERNS = {
    COMMIT: "a commit: 40 hex digits",
    ACCELERATOR: "auto, cpu, or NAME:COUNT such as l4:1",
    DNS_LABEL: "1 to 63 lower-case letters, digits or '-', no '-' at either end",
    LABEL_KEY: "a key of a Kubernetes label",
    DNS_DOMAIN: "a DNS domain",
    HEADER: "a header's name: a letter, then letters, digits or '-'",
}
"""What a pattern asks for, in words."""


def stack_file_schema() -> dict[str, Any]:
    """JSON schema (draft 2020-12) of Pulumi.<stack>.yaml; keys of other namespaces stay free, as Pulumi has it."""
    schema = StackSettings.model_json_schema(by_alias=True)
    schema["$defs"]["ModelSettings"]["required"] = []  # the id may be left to the name
    keys: dict[str, Any] = {f"llmctl:{name}": field for name, field in schema["properties"].items()}
    keys["llmctl:model"] = {"type": "string", "minLength": 1, "description": "Short for one entry in llmctl:models."}
    for name in sorted(SECRET_KEYS):
        keys[f"llmctl:{name}"] = _written_by_pulumi(name)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An llmctl stack",
        "type": "object",
        "properties": {"config": _config(keys)},
        "$defs": schema["$defs"],
    }


def _config(keys: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": keys,
        "patternProperties": {"^(?!llmctl:)": True},
        "additionalProperties": False,
        "required": ["llmctl:target"],
        "oneOf": [{"required": ["llmctl:model"]}, {"required": ["llmctl:models"]}],
    }


def _written_by_pulumi(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"secure": {"type": "string"}},
        "required": ["secure"],
        "additionalProperties": False,
        "description": f"Written by `pulumi config set --secret llmctl:{name}`.",
    }


def allowed(location: tuple[str | int, ...]) -> str | None:
    """What a setting may be, in words: `('port',)` -> 'a whole number from 1 to 65535'. None for an unknown path."""
    schema = StackSettings.model_json_schema(by_alias=True)
    node: dict[str, Any] | None = schema
    for step in location:
        node = _step(schema, node or {}, str(step))
    return _in_words(node) if node else None


def allowed_keys(location: tuple[str | int, ...]) -> tuple[str, ...]:
    """The keys that may stand at `location`; empty where any may."""
    schema = StackSettings.model_json_schema(by_alias=True)
    node: dict[str, Any] = schema
    for step in location:
        node = _step(schema, node, str(step)) or {}
    own = tuple(node.get("properties", {}))
    return own if location else (*own, "model", *sorted(SECRET_KEYS))


def _step(schema: dict[str, Any], node: dict[str, Any], key: str) -> dict[str, Any] | None:
    inner = node.get("properties", {}).get(key, node.get("additionalProperties"))
    return _followed(schema, inner) if isinstance(inner, dict) else None


def _followed(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        target: dict[str, Any] = schema["$defs"][node["$ref"].rpartition("/")[2]]
        return target
    choices = [choice for choice in node.get("anyOf", []) if choice.get("type") != "null"]
    return _followed(schema, choices[0]) if len(choices) == 1 else node


def _in_words(node: dict[str, Any]) -> str:
    if "enum" in node:
        return "one of " + ", ".join(map(str, node["enum"]))
    if "anyOf" in node:
        return "a text, a number, true or false"  # the only union of plain values: a flag of an engine
    if "const" in node:
        return str(node["const"])
    if node.get("type") == "integer":
        low, high = node.get("minimum"), node.get("maximum")
        return f"a whole number from {low} to {high}" if high is not None else f"a whole number, {low} or more"
    if node.get("type") == "object":
        return "a map with the keys " + ", ".join(node["properties"]) if "properties" in node else "a map of names"
    if node.get("type") == "array":
        return "a list"
    if node.get("type") == "boolean":
        return "true or false"
    if "pattern" in node:
        return PATTERNS[node["pattern"]]
    return "a text that is not empty" if node.get("minLength") else "a text"
