"""Quantities as the API server writes them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.manifests.quantities import cores, memory

UNITS = {"Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40}


@pytest.mark.parametrize(
    ("size", "written"),
    [(1, "1Mi"), (1 << 20, "1Mi"), ((1 << 20) + 1, "2Mi"), (1 << 30, "1Gi"), (1536 << 20, "1536Mi"), (1 << 40, "1Ti")],
)
def test_memory_is_whole_mebibytes_in_the_largest_unit_that_fits(size: int, written: str) -> None:
    assert memory(size) == written


@pytest.mark.parametrize(("count", "written"), [(1, "1"), (2.5, "2500m"), (0.25, "250m"), (0.0001, "1m"), (16.0, "16")])
def test_cores_are_whole_or_thousandths(count: float, written: str) -> None:
    assert cores(count) == written


@given(st.integers(1, 1 << 45))
def test_nothing_gets_less_memory_than_it_asked_for_and_no_mebibyte_more(size: int) -> None:
    number, unit = re.fullmatch(r"(\d+)(\wi)", memory(size)).groups()  # type: ignore[union-attr]
    assert 0 <= int(number) * UNITS[unit] - size < UNITS["Mi"]
