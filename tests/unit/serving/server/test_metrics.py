from __future__ import annotations

import asyncio

import pytest

from llmctl.serving.server.errors import Overloaded
from llmctl.serving.server.limits import Admission, Batch
from llmctl.serving.server.metrics import DURATION_BUCKETS, Gauge, Histogram, Metrics
from llmctl.serving.server.steps import End, Timings


def metrics() -> Metrics:
    return Metrics(max_input_tokens=1000, max_total_tokens=2000)


def test_the_duration_buckets_are_tgis() -> None:
    assert len(DURATION_BUCKETS) == 35
    assert DURATION_BUCKETS[0] == pytest.approx(0.00015)
    assert DURATION_BUCKETS[-1] == pytest.approx(145.6, abs=0.1)


def test_a_histogram_counts_what_is_at_most_its_bound() -> None:
    histogram = Histogram("h", "text", [1.0, 2.0])
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)
    assert histogram.render().splitlines()[2:] == [
        'h_bucket{le="1.0"} 2',
        'h_bucket{le="2.0"} 3',
        'h_bucket{le="+Inf"} 4',
        "h_sum 12.0",
        "h_count 4",
    ]


def test_every_series_exists_before_the_first_request() -> None:
    text = metrics().render()
    for line in ("tgi_request_count 0", "tgi_queue_size 0", 'tgi_request_failure{err="dropped"} 0'):
        assert line in text.splitlines()


def test_a_success_fills_every_histogram() -> None:
    counted = metrics()
    counted.succeeded(End("text", "length", 4, 10, None, Timings(1.0, 1.5, 2.0, 4.0)))
    text = counted.render()
    for name, seconds in (("", 3.0), ("validation_", 0.5), ("queue_", 0.5), ("inference_", 2.0)):
        assert f"tgi_request_{name}duration_sum {seconds}\n" in text
    assert "tgi_request_mean_time_per_token_duration_sum 0.5\n" in text
    assert "tgi_request_generated_tokens_sum 4.0\n" in text


def test_a_failure_is_counted_by_its_kind() -> None:
    counted = metrics()
    for error in (Overloaded(), asyncio.CancelledError()):
        with pytest.raises(type(error)), counted.failures():
            raise error
    assert 'tgi_request_failure{err="overloaded"} 1\n' in counted.render()
    assert 'tgi_request_failure{err="dropped"} 1\n' in counted.render()


def test_admission_is_given_back() -> None:
    admission = Admission(1)
    with admission.enter(), pytest.raises(Overloaded), admission.enter():
        pass
    with admission.enter():
        pass


def test_a_request_that_gives_up_waiting_leaves_the_queue() -> None:
    async def scene() -> list[str]:
        waiting, running = Gauge("waiting", ""), Gauge("running", "")
        batch = Batch(1, waiting, running)

        async def wait() -> None:
            async with batch.slot():
                raise AssertionError("there was no free slot")

        async with batch.slot():
            second = asyncio.create_task(wait())
            while not waiting.render().endswith(" 1\n"):
                await asyncio.sleep(0)
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
            return [waiting.render()[-2], running.render()[-2]]

    assert asyncio.run(scene()) == ["0", "1"]
