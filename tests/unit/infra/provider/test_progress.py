from __future__ import annotations

import pytest

from llmctl.infra.provider.progress import Cancelled, Phase, Progress


def test_phases_and_bytes_have_a_shape_that_a_program_can_read() -> None:
    said: list[str] = []
    progress = Progress(said.append, lambda: False)
    progress.enter(Phase.WARM_UP)
    progress.bytes(10, 10)
    progress.bytes(10, None)
    assert said[:2] == ["phase=warm-up", "phase=download done=10 total=10"]


def test_a_download_is_not_told_more_often_than_anybody_can_see() -> None:
    said: list[str] = []
    progress = Progress(said.append, lambda: False)
    for done in range(1000):
        progress.bytes(done, 1000)
    progress.bytes(1000, 1000)
    assert said[-1] == "phase=download done=1000 total=1000"
    assert len(said) < 100


def test_every_report_is_a_place_to_stop_at() -> None:
    progress = Progress(lambda _: None, lambda: True)
    with pytest.raises(Cancelled):
        progress.enter(Phase.LOAD)
    with pytest.raises(Cancelled):
        progress.bytes(1, 2)
