"""The compatibility page: every test it names exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "tgi-compatibility.md"


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)` \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    files = [*ROOT.glob("tests/unit/serving/server/*.py"), *ROOT.glob("tests/integration/serving/*.py")]
    there = set(re.findall(r"^def (test_\w+)", "\n".join(f.read_text(encoding="utf-8") for f in files), re.MULTILINE))
    assert len(named) > 25, "the page was read"
    assert named <= there, f"no such test: {sorted(named - there)}"


def test_every_row_says_yes_or_no() -> None:
    first_table = PAGE.read_text(encoding="utf-8").split("## What llama.cpp")[0]
    rows = [line for line in first_table.splitlines() if line.startswith("| ")][2:]
    assert {row.split(" | ")[1] for row in rows} == {"yes", "no"}
