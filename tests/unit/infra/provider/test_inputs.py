from __future__ import annotations

from typing import Any

import pytest

from llmctl.infra.provider.inputs import INPUTS, failures
from llmctl.infra.provider.properties import UNKNOWN

GOOD: dict[str, Any] = {
    "model": "tiny",
    "directory": "/run/main",
    "base": "/project",
    "cache": "/cache",
    "hostname": "127.0.0.1",
    "port": 8080,
    "maxConcurrentRequests": 8,
    "maxTotalTokens": 1024,
    "maxBatchSize": 2,
    "maxBatchPrefillTokens": 512,
    "threads": 0,
    "gracefulTerminationTimeout": 30,
}


def said(**changes: Any) -> list[tuple[str, str]]:
    given = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return [(f.property, f.reason) for f in failures(given)]


def test_good_inputs_have_no_failures() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("port", 0, "must be a whole number, 1 to 65535, not 0"),
        ("port", 80.5, "must be a whole number, 1 to 65535, not 80.5"),
        ("port", "8080", "must be a whole number, 1 to 65535, not '8080'"),
        ("port", True, "must be a whole number, 1 to 65535, not True"),
        ("maxTotalTokens", 1, "must be a whole number, 2 or more, not 1"),
        ("maxInputTokens", 1024, "must be less than maxTotalTokens (1024), which has room for the answer too"),
        ("threads", -1, "must be a whole number, 0 or more, not -1"),
        ("directory", "servers/main", "must be an absolute path, not 'servers/main'"),
        ("model", "", "must be a model id or a path, not ''"),
        ("model", 7, "must be a string, not 7"),
        ("model", None, "missing. Model id, or path of a GGUF file."),
        ("gracefulTerminationTimeout", 3601, "must be a whole number, 0 to 3600, not 3601"),
    ],
)
def test_an_input_out_of_bounds_is_named_with_what_is_allowed(name: str, value: Any, reason: str) -> None:
    assert said(**{name: value}) == [(name, reason)]


def test_a_bad_key_is_not_repeated() -> None:
    assert said(apiKey="two words") == [("apiKey", "must be printable ASCII without spaces")]


def test_an_unknown_input_is_refused_with_the_known_ones() -> None:
    (only,) = said(modle="tiny")
    assert only == ("modle", f"unknown input; known are {', '.join(INPUTS)}")


def test_a_value_that_is_not_known_yet_is_not_judged() -> None:
    assert said(port=UNKNOWN) == []
