"""Tools as TGI does them: the model is made to write one call as JSON, or to say that it wants none."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llmctl.serving.server.errors import ToolFailed
from llmctl.serving.server.schemas import ChatRequest, FunctionChoice, FunctionDefinition, JsonGrammar, Tool

NO_TOOL = "no_tool"

_NONE_OF_THEM = Tool(
    type="function",
    function=FunctionDefinition(
        name=NO_TOOL,
        description="Open ended response with no specific tool selected",
        arguments={"type": "object"},
    ),
)

DEFAULT_PROMPT = (
    "\nThe functions above are available. Answer with the one function call that fits the request best, as JSON: "
    "{name: function name, parameters: dictionary of argument name and its value}. Use values, not variables.\n"
)


@dataclass(frozen=True)
class Call:
    name: str
    arguments: str
    """JSON object, as OpenAI has it."""


def offered(chat: ChatRequest) -> list[Tool]:
    """The tools the model may choose from; empty: answer without. Raises ToolFailed."""
    if chat.tools is None:
        return []
    if chat.response_format is not None:
        raise ToolFailed("Grammar and tools are mutually exclusive")
    choice = chat.tool_choice.function.name if isinstance(chat.tool_choice, FunctionChoice) else chat.tool_choice
    if choice == "none":
        return []
    if choice == "required":
        return chat.tools
    if choice in (None, "auto"):
        return [*chat.tools, _NONE_OF_THEM]
    named = [tool for tool in chat.tools if tool.function.name == choice]
    if not named:
        raise ToolFailed(f"Tool with name {choice} not found")
    return named[:1]


def grammar(tools: Sequence[Tool]) -> JsonGrammar:
    """One call: `{"function": {"_name": ..., arguments}}`, as TGI's grammar has it."""
    shared: dict[str, Any] = {}
    calls = [_call_schema(tool.function, shared) for tool in tools]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"function": {"anyOf": calls}},
        "required": ["function"],
    }
    return JsonGrammar(type="json", value={**schema, "$defs": shared} if shared else schema)


def _call_schema(function: FunctionDefinition, shared: dict[str, Any]) -> dict[str, Any]:
    arguments = function.arguments if isinstance(function.arguments, dict) else {}
    # References inside a tool's schema start at its own root, which is now the root of the whole grammar.
    shared.update(arguments.get("$defs", {}))
    return {
        "type": "object",
        "properties": {"_name": {"type": "string", "const": function.name}, **arguments.get("properties", {})},
        "required": ["_name", *arguments.get("required", [])],
        "additionalProperties": False,
    }


def described(tools: Sequence[Tool], prompt: str | None) -> str:
    """What is put behind the last message, for templates that know nothing of tools."""
    listed = json.dumps([as_json(tool) for tool in tools], ensure_ascii=False)
    return f"\n---\n{listed}\n{prompt or DEFAULT_PROMPT}"


def as_json(tool: Tool) -> dict[str, Any]:
    function = tool.function
    shown = {"description": function.description, "name": function.name, "parameters": function.arguments}
    return {"type": tool.type, "function": shown}


def call_in(text: str) -> Call | None:
    """The call that the model wrote; None for `no_tool`. Raises ToolFailed where the text is no call."""
    try:
        function = dict(json.loads(text)["function"])
        name = str(function.pop("_name"))
    except (ValueError, TypeError, KeyError) as error:
        raise ToolFailed(f"Failed to parse generated text: {error} {text!r}") from error
    return None if name == NO_TOOL else Call(name, json.dumps(function, ensure_ascii=False, separators=(",", ":")))


def next_call_id(chat: ChatRequest) -> str:
    """One more than the highest id in the conversation; a random one where those ids are no numbers."""
    ids = [call.id for message in chat.messages for call in message.tool_calls or ()]
    if not all(id_.isdecimal() for id_ in ids):
        return str(uuid.uuid4())
    return str(max((int(id_) + 1 for id_ in ids), default=0))
