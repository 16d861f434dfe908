"""Whole stacks, written down. `PYTHONPATH=tests .venv/bin/python -m drivers.stacks` writes them anew."""

from __future__ import annotations

import pytest
import yaml
from drivers.stacks import GOLDEN, golden

from llmctl.serving.manifests.render import render
from llmctl.serving.manifests.spec import StackSpec
from llmctl.serving.manifests.stack import objects

STACKS = golden()


@pytest.mark.parametrize(("file", "spec"), STACKS.items(), ids=STACKS.keys())
def test_a_stack_is_what_was_written_down(file: str, spec: StackSpec) -> None:
    assert render(spec) == (GOLDEN / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("spec", STACKS.values(), ids=STACKS.keys())
def test_the_text_is_the_same_objects_in_the_same_order(spec: StackSpec) -> None:
    assert list(yaml.safe_load_all(render(spec))) == list(objects(spec))


def test_no_golden_file_is_left_over() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(STACKS)
