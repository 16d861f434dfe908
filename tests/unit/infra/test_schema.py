from __future__ import annotations

import json
from pathlib import Path

import pytest

from llmctl.infra.schema import stack_file_schema
from llmctl.infra.settings import ModelSettings, StackSettings

ROOT = Path(__file__).parents[3]


def test_the_committed_schema_is_the_one_of_the_settings() -> None:
    committed = json.loads((ROOT / "stacks" / "llmctl.schema.json").read_text(encoding="utf-8"))
    assert committed == stack_file_schema(), "run `llmctl init` in the repository to write it anew"


@pytest.mark.parametrize("settings", [StackSettings, ModelSettings])
def test_every_setting_says_what_it_is(settings: type[StackSettings]) -> None:
    assert [name for name, field in settings.model_fields.items() if not field.description] == []


def test_every_key_of_the_settings_is_offered_to_editors() -> None:
    offered = stack_file_schema()["properties"]["config"]["properties"]
    assert {f"llmctl:{field.alias}" for field in StackSettings.model_fields.values()} < set(offered)
    assert {"llmctl:model", "llmctl:apiKey"} < set(offered)
