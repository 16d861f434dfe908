from __future__ import annotations

import json
from typing import Any

import pytest

from llmctl.serving.server import tools
from llmctl.serving.server.errors import ToolFailed
from llmctl.serving.server.schemas import ChatRequest


def tool(name: str, **parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {"type": "object", **parameters}}}


def chat(**fields: Any) -> ChatRequest:
    return ChatRequest.model_validate({"messages": [{"role": "user", "content": "hi"}], **fields})


BOTH = [tool("a"), tool("b")]


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("auto", ["a", "b", "no_tool"]),
        (None, ["a", "b", "no_tool"]),
        ("required", ["a", "b"]),
        ("none", []),
        ("b", ["b"]),
        ({"type": "function", "function": {"name": "a"}}, ["a"]),
    ],
    ids=str,
)
def test_the_choice_decides_which_tools_are_offered(choice: Any, names: list[str]) -> None:
    assert [t.function.name for t in tools.offered(chat(tools=BOTH, tool_choice=choice))] == names


def test_without_tools_nothing_is_offered() -> None:
    assert tools.offered(chat()) == []


def test_a_tool_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolFailed, match="Tool with name c not found"):
        tools.offered(chat(tools=BOTH, tool_choice="c"))


def test_the_grammar_allows_exactly_one_call_of_one_tool() -> None:
    city = {
        "properties": {"city": {"$ref": "#/$defs/City"}},
        "required": ["city"],
        "$defs": {"City": {"type": "string"}},
    }
    schema = tools.grammar(chat(tools=[tool("a", **city), tool("b")]).tools or []).value
    first, second = schema["properties"]["function"]["anyOf"]
    assert first["properties"] == {"_name": {"type": "string", "const": "a"}, "city": {"$ref": "#/$defs/City"}}
    assert first["required"] == ["_name", "city"]
    assert second["required"] == ["_name"]
    assert schema["$defs"] == {"City": {"type": "string"}}, "references of a tool start at the root"


def test_the_written_call_is_read_back() -> None:
    call = tools.call_in('{"function": {"_name": "a", "city": "Zürich"}}')
    assert call is not None
    assert (call.name, json.loads(call.arguments)) == ("a", {"city": "Zürich"})


def test_no_tool_is_no_call() -> None:
    assert tools.call_in('{"function": {"_name": "no_tool"}}') is None


@pytest.mark.parametrize("text", ['{"function": {"_na', "[]", "{}", '{"function": 3}', '{"function": {}}'])
def test_a_text_that_is_no_call_is_a_tool_error(text: str) -> None:
    with pytest.raises(ToolFailed, match="Failed to parse generated text"):
        tools.call_in(text)


@pytest.mark.parametrize(("ids", "following"), [([], "0"), (["0", "4"], "5")])
def test_call_ids_go_on_counting(ids: list[str], following: str) -> None:
    calls = [{"id": id_, "type": "function", "function": {"name": "a", "arguments": "{}"}} for id_ in ids]
    messages = [{"role": "assistant", "tool_calls": calls}] if calls else []
    assert tools.next_call_id(chat(messages=[*messages, {"role": "user", "content": "go on"}])) == following


def test_foreign_call_ids_are_followed_by_a_random_one() -> None:
    call = {"id": "call_x", "type": "function", "function": {"name": "a", "arguments": "{}"}}
    asked = chat(messages=[{"role": "assistant", "tool_calls": [call]}])
    assert tools.next_call_id(asked) != tools.next_call_id(asked)


def test_the_prompt_names_every_tool_and_the_users_own_words_win() -> None:
    offered = chat(tools=BOTH).tools or []
    assert '"name": "b"' in tools.described(offered, None)
    assert tools.described(offered, "Choose well.").endswith("Choose well.")
