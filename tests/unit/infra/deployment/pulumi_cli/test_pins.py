"""One version, wherever it is written."""

from __future__ import annotations

import re

import pytest

from llmctl.infra.deployment.pulumi_cli.build import GO_MINIMUM, PACKAGE, SHIPPED_MODULE
from llmctl.infra.deployment.pulumi_cli.version import MINIMUM, PINNED, as_numbers
from llmctl.infra.deployment.pulumi_cli.ways import WayClosed

GO_MOD = (SHIPPED_MODULE / "go.mod").read_text(encoding="utf-8")
GO_SUM = (SHIPPED_MODULE / "go.sum").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", ["pkg", "sdk"])
def test_the_shipped_module_requires_the_pinned_version(module: str) -> None:
    assert re.findall(rf"github\.com/pulumi/pulumi/{module}/v3 (\S+)", GO_MOD) == [f"v{PINNED}"]


@pytest.mark.parametrize("module", ["pkg", "sdk"])
def test_the_checksums_of_the_pinned_version_are_shipped(module: str) -> None:
    assert re.search(rf"^github\.com/pulumi/pulumi/{module}/v3 v{re.escape(PINNED)} h1:\S+=$", GO_SUM, re.MULTILINE)


def test_the_module_names_the_program_that_is_built() -> None:
    assert f"\ntool {PACKAGE}\n" in GO_MOD


def test_the_module_asks_for_the_go_that_is_checked_for() -> None:
    assert f"\ngo {GO_MINIMUM[0]}.{GO_MINIMUM[1]}.0\n" in GO_MOD


def test_nothing_is_replaced_so_that_go_sum_covers_everything() -> None:
    assert "replace" not in GO_MOD


def test_what_llmctl_installs_is_new_enough_for_llmctl() -> None:
    assert as_numbers(PINNED) >= as_numbers(MINIMUM)


@pytest.mark.parametrize(
    ("version", "numbers"), [("3.259.0", (3, 259, 0)), ("v3.9.10", (3, 9, 10)), ("3.260.0-dev.7", (3, 260, 0))]
)
def test_versions_compare_as_numbers(version: str, numbers: tuple[int, int, int]) -> None:
    assert as_numbers(version) == numbers


@pytest.mark.parametrize("words", ["", "unknown", "3.259"])
def test_words_that_are_no_version_are_named(words: str) -> None:
    with pytest.raises(WayClosed, match="which is none"):
        as_numbers(words)
