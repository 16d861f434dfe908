from statistics import median

import pytest
from drivers.measurements import Measurement, measurements

MEASURED = [row for row in measurements() if row.tokens is not None]
OUT_OF_MEMORY = [row for row in measurements() if row.tokens is None]


def named(row: Measurement) -> str:
    return f"{row.engine}-{row.name}-{row.gpus}x{row.gpu}-{row.load.context}"


@pytest.mark.parametrize("row", MEASURED, ids=named)
def test_no_measurement_is_missed_by_more_than_a_fifth(row: Measurement) -> None:
    assert abs(row.error) <= 0.20, f"{row.sized.kv_tokens:,} sized, {row.tokens:,} measured ({row.source})"


@pytest.mark.parametrize("role", ["calibration", "held-out"])
def test_half_of_the_measurements_are_met_within_a_tenth(role: str) -> None:
    errors = [abs(row.error) for row in MEASURED if row.role == role]
    assert len(errors) >= 4, "too few to speak of a median"
    assert median(errors) <= 0.10


@pytest.mark.parametrize("row", OUT_OF_MEMORY, ids=named)
def test_what_ran_out_of_memory_is_not_said_to_fit(row: Measurement) -> None:
    assert row.sized.requests == 0, f"{row.quoted} ({row.source})"


def test_there_are_enough_measurements_and_each_says_where_it_was_read() -> None:
    assert len(MEASURED) >= 12
    assert len(OUT_OF_MEMORY) >= 2
    assert all(row.source and row.quoted and row.published for row in measurements())
