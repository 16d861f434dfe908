from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from llmctl.cli.exit_codes import EXIT_CODES, exit_code
from llmctl.infra import errors as infra_errors
from llmctl.serving import errors as serving_errors

OPERATING = Path(__file__).parents[3] / "docs" / "operating.md"

FAMILIES = [
    error
    for module in (infra_errors, serving_errors)
    for _, error in inspect.getmembers(module, inspect.isclass)
    if error.__module__ == module.__name__ and error not in (infra_errors.InfraError, serving_errors.ServingError)
]


@pytest.mark.parametrize("error", FAMILIES, ids=lambda error: error.__name__)
def test_every_error_of_ours_has_an_exit_code(error: type[Exception]) -> None:
    assert exit_code(error("x")) is not None


@pytest.mark.parametrize("module", [infra_errors, serving_errors], ids=lambda module: module.__name__)
def test_every_error_stands_in_the_tree_of_its_module(module: object) -> None:
    names = [error.__name__ for error in FAMILIES if error.__module__ == module.__name__]  # type: ignore[attr-defined]
    assert [name for name in names if name not in (module.__doc__ or "")] == []


def test_every_exit_code_is_documented() -> None:
    documented = OPERATING.read_text(encoding="utf-8")
    assert [code for _, code in EXIT_CODES if f"| {code} |" not in documented] == []


def test_a_fault_of_ours_has_none() -> None:
    assert exit_code(KeyError("x")) is None
