"""How a chat becomes a generation, with a stand-in for the template."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from llmctl.serving.server.chat import Plan, Served, planned
from llmctl.serving.server.engine import Engine, EngineFailed
from llmctl.serving.server.errors import TemplateFailed, ValidationFailed
from llmctl.serving.server.schemas import ChatRequest

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"properties": {"city": {}}}}}


class Template:
    """An engine of which only the chat template is there: it joins the messages, or refuses them."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.tools: Sequence[Any] = ()

    async def apply_template(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Any] = ()) -> str:
        if self.refuses:
            raise EngineFailed(self.refuses)
        self.tools = tools
        return "|".join(f"{message['role']}:{message['content']}" for message in messages)


def plan(template: Template, *messages: dict[str, Any], template_has_tools: bool = False, **fields: Any) -> Plan:
    chat = ChatRequest.model_validate({"messages": list(messages) or [{"role": "user", "content": "hi"}], **fields})
    return asyncio.run(planned(chat, cast(Engine, template), template_has_tools=template_has_tools))


def test_a_chat_samples_unless_its_temperature_is_zero() -> None:
    assert plan(Template()).parameters.do_sample
    cold = plan(Template(), temperature=0).parameters
    assert (cold.do_sample, cold.temperature) == (False, None)


@pytest.mark.parametrize(("given", "penalty"), [(None, None), (0, 2.0), (-1.5, 0.5)])
def test_a_presence_penalty_becomes_tgis_repetition_penalty(given: float | None, penalty: float | None) -> None:
    assert plan(Template(), presence_penalty=given).parameters.repetition_penalty == penalty


def test_no_special_tokens_are_added_to_what_the_template_wrote() -> None:
    prompt = plan(Template(), {"role": "system", "content": "s"}, {"role": "user", "content": "u"}).prompt
    assert (prompt.text, prompt.add_special_tokens) == ("system:s|user:u", False)


def test_tools_are_told_behind_the_last_message_to_a_template_that_knows_none() -> None:
    told = plan(Template(), tools=[WEATHER])
    assert told.using_tools
    assert told.prompt.text.startswith('user:hi\n---\n[{"type": "function"')


def test_a_template_that_knows_tools_gets_them() -> None:
    template = Template()
    told = plan(template, tools=[WEATHER], template_has_tools=True, tool_prompt="Choose.")
    assert told.prompt.text == "user:hi\n---\nChoose."
    assert [tool["function"]["name"] for tool in template.tools] == ["weather", "no_tool"]


def test_earlier_calls_are_shown_as_json() -> None:
    call = {"id": "0", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}
    text = plan(Template(), {"role": "assistant", "content": None, "tool_calls": [call]}).prompt.text
    assert text.startswith('assistant:[{"id":"0","type":"function"')


def test_a_template_that_refuses_is_a_template_error() -> None:
    with pytest.raises(TemplateFailed, match="Template error: roles must alternate"):
        plan(Template(refuses="roles must alternate"))


def test_an_image_part_is_a_validation_error() -> None:
    image = {"type": "image_url", "image_url": {"url": "http://169.254.169.254/"}}
    with pytest.raises(ValidationFailed, match="image modality is not supported"):
        plan(Template(), {"role": "user", "content": [image]})


@pytest.mark.parametrize(("asked", "shown"), [(None, "org/model"), ("tgi", "org/model"), ("other", "other")])
def test_the_model_name_is_the_requests_unless_it_is_tgis_own(asked: str | None, shown: str) -> None:
    assert Served("org/model", "3.3.7-native").head("chat.completion", asked)["model"] == shown
