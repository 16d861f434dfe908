"""Budgets of time: what a start, an update and the waiting for them may take."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers.stacks import small_model
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.manifests.spec import Replicas
from llmctl.serving.manifests.startup import (
    MARGIN,
    WARM_UP,
    Rate,
    Rates,
    progress_deadline_seconds,
    rollout_seconds,
    startup_budget,
)

SIZES = st.integers(0, 10**12)
SPEEDS = st.floats(1e6, 1e10)


def rates(speed: float) -> Rates:
    rate = Rate(bytes_per_second=speed, source="measured")
    return Rates(image=rate, weights=rate, load=rate)


def test_a_budget_is_the_sum_of_its_parts_with_the_margin() -> None:
    budget = startup_budget(image=10**9, weights=2 * 10**9, checked_gpus=1, rates=rates(1e8), node_seconds=90)
    assert [(part.name, part.seconds) for part in budget.parts] == [
        ("node", 90),
        ("image", 10),
        ("GPU check", 60),
        ("weights", 20),
        ("load", 20),
        ("warm-up", 120),
    ]
    assert budget.seconds == MARGIN * 320


@pytest.mark.parametrize(("gpus", "seconds"), [(0, []), (1, [60]), (2, [120 + 120]), (8, [480 + 120])])
def test_each_gpu_has_a_minute_to_prove_itself_and_several_have_the_time_of_their_all_reduce(
    gpus: int, seconds: list[int]
) -> None:
    parts = startup_budget(image=1, weights=1, checked_gpus=gpus).parts
    assert [part.seconds for part in parts if part.name == "GPU check"] == seconds


@pytest.mark.parametrize(("weights", "minutes"), [(16 * 10**9, 16), (141 * 10**9, 58)])
def test_without_a_measurement_a_model_of_8b_has_a_quarter_of_an_hour_and_one_of_70b_an_hour(
    weights: int, minutes: int
) -> None:
    budget = startup_budget(image=8 * 10**9, weights=weights, checked_gpus=1)
    assert round(budget.seconds / 60) == minutes


def test_every_part_says_where_its_seconds_come_from() -> None:
    budget = startup_budget(image=1, weights=1, checked_gpus=1, node_seconds=1)
    assert all(part.source for part in budget.parts)
    assert "assumed" in WARM_UP.source


@given(SIZES, SIZES, SIZES, SIZES)
def test_more_bytes_never_take_less_time(image: int, more_image: int, weights: int, more_weights: int) -> None:
    less = startup_budget(image=image, weights=weights)
    more = startup_budget(image=image + more_image, weights=weights + more_weights)
    assert more.seconds >= less.seconds


@given(SIZES, SIZES, SPEEDS, SPEEDS)
def test_a_faster_way_never_takes_longer(image: int, weights: int, one: float, other: float) -> None:
    slow, fast = sorted((one, other))
    assert (
        startup_budget(image=image, weights=weights, rates=rates(fast)).seconds
        <= startup_budget(image=image, weights=weights, rates=rates(slow)).seconds
    )


@given(SIZES, SIZES, st.floats(0, 3600))
def test_nothing_is_free(image: int, weights: int, node: float) -> None:
    assert startup_budget(image=image, weights=weights, node_seconds=node).seconds >= WARM_UP.seconds


def test_an_update_waits_for_an_old_replica_to_end_and_a_new_one_to_start_and_be_found() -> None:
    model = small_model()
    assert progress_deadline_seconds(model) == model.container.shutdown.grace_seconds + model.startup_seconds + 10


@pytest.mark.parametrize(("most", "steps"), [(0, 1), (1, 1), (3, 3)])
def test_all_replicas_one_after_the_other_take_their_number_of_steps(most: int, steps: int) -> None:
    model = replace(small_model(), replicas=Replicas(least=most, most=most))
    assert rollout_seconds(model) == steps * progress_deadline_seconds(model)
