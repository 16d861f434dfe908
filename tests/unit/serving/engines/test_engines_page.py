"""docs/engines.md names where each trap is met: those places must be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/engines.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`([\w/]+\.py):(\w+)`", PAGE)))


def test_the_page_names_places() -> None:
    assert len(PLACES) > 20


@pytest.mark.parametrize(("file", "name"), PLACES, ids=":".join)
def test_a_place_that_the_page_names_is_there(file: str, name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / "serving/engines" / file).read_text(encoding="utf-8"))
