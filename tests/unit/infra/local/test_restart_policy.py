from __future__ import annotations

from itertools import accumulate

import pytest

from llmctl.infra.local.restart_policy import FUTILE_STARTS, LONGEST_DELAY_SECONDS, STABLE_SECONDS, Crashes


def delays(*healthy_for: float | None) -> list[float | None]:
    """The delay after each of these crashes in a row."""
    records = accumulate(healthy_for, lambda record, healthy: record.another(healthy), initial=Crashes())
    return [record.delay() for record in list(records)[1:]]


@pytest.mark.parametrize(
    ("healthy_for", "expected"),
    [
        pytest.param([STABLE_SECONDS], [0], id="the first restart comes at once"),
        pytest.param([1] * 6, [0, 1, 2, 4, 8, 16], id="then the delays double"),
        pytest.param([1] * 9 + [1], [0, 1, 2, 4, 8, 16, 32, 60, 60, 60], id="up to a minute"),
        pytest.param([1, 1, 1, STABLE_SECONDS, 1], [0, 1, 2, 0, 1], id="a stable run clears the record"),
        pytest.param([None] * 5, [0, 1, 2, 4, None], id="five starts in vain are enough"),
        pytest.param([None] * 4 + [1], [0, 1, 2, 4, 8], id="a server that came up is not given up"),
    ],
)
def test_the_delay_before_the_next_start(healthy_for: list[float | None], expected: list[float | None]) -> None:
    assert delays(*healthy_for) == expected


def test_the_waiting_of_a_server_given_up_is_what_the_constant_says() -> None:
    waited = [delay for delay in delays(*[None] * FUTILE_STARTS) if delay is not None]
    assert sum(waited) == 7
    assert max(waited) <= LONGEST_DELAY_SECONDS


def test_one_crash_is_no_loop() -> None:
    assert not Crashes().another(None).looping
    assert Crashes().another(None).another(None).looping
