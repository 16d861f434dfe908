from __future__ import annotations

from typing import Any

import pytest

from llmctl.infra.local.server_process import State
from llmctl.infra.provider.difference import Difference, difference
from llmctl.infra.provider.properties import UNKNOWN

OLD: dict[str, Any] = {
    "model": "tiny",
    "revision": "a" * 40,
    "directory": "/run/main",
    "base": "/project",
    "cache": "/cache",
    "port": 8080,
    "gracefulTerminationTimeout": 30,
}


def changed(**changes: Any) -> Difference:
    news = {name: value for name, value in {**OLD, **changes}.items() if value is not None}
    return difference(OLD, news, "running")


def test_nothing_changed_is_no_difference() -> None:
    assert not changed().any


@pytest.mark.parametrize(
    ("name", "value", "restarts", "replaces"),
    [
        ("model", "small", True, False),
        ("revision", None, True, False),
        ("apiKey", "another", True, False),
        ("port", 8081, True, False),
        ("port", UNKNOWN, True, False),
        ("directory", "/run/other", True, True),
        ("gracefulTerminationTimeout", 60, False, False),
        ("base", "/elsewhere", False, False),
        ("cache", "/elsewhere", False, False),
    ],
)
def test_a_changed_input_is_named_with_what_it_takes(name: str, value: Any, restarts: bool, replaces: bool) -> None:
    found = changed(**{name: value})
    assert found.changed == (name,)
    assert found.restarts == restarts
    assert found.replaces == ((name,) if replaces else ())


@pytest.mark.parametrize(
    ("state", "differs"),
    [("running", False), ("starting", False), ("unsupervised", True), ("crash-looping", True), ("stopped", True)],
)
def test_a_process_that_is_not_kept_running_is_a_difference_of_its_own(state: State, differs: bool) -> None:
    found = difference(OLD, OLD, state)
    assert found.any == found.process == found.restarts == differs
    assert found.changed == ()
