"""Lines of the log, and SHA256SUMS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import InvalidWeights
from llmctl.serving.weights.listing.checksums import parse_checksums
from llmctl.serving.weights.progress import Finished, Running, parse_line

BYTES = st.integers(0, 2 * 10**12)


@given(done=BYTES, total=BYTES, rate=st.floats(0, 1e10))
def test_a_line_on_the_way_is_read_back_as_exactly_as_it_was_said(done: int, total: int, rate: float) -> None:
    found = parse_line(f"2026-11-24T12:00:00Z {Running(done=done, total=total, rate=rate)}")
    assert isinstance(found, Running)
    assert abs(found.done - done) <= 0.05e9 + 1
    assert abs(found.total - total) <= 0.05e9 + 1
    assert abs(found.rate - rate) <= 0.5e6 + 1


@given(fetched=BYTES, total=BYTES, seconds=st.floats(0.001, 1e5))
def test_the_last_line_is_read_back(fetched: int, total: int, seconds: float) -> None:
    finished = Finished(fetched=fetched, seconds=round(seconds, 3), total=total)
    assert parse_line(str(finished)) == finished


def test_lines_look_like_this() -> None:
    assert str(Running(done=3_100_000_000, total=16_100_000_000, rate=210e6)) == "weights 3.1 of 16.1 GB, 210 MB/s"
    finished = Finished(fetched=16_100_000_000, seconds=76.7, total=16_100_000_000)
    assert str(finished) == (
        "weights done: 16100000000 bytes fetched in 76.700 s, 210 MB/s; 16100000000 bytes verified"
    )


@pytest.mark.parametrize("line", ["", "weights of tiny: 3 files, 0.1 GB", "weights failed: full", "Serving on 8080"])
def test_other_lines_say_nothing(line: str) -> None:
    assert parse_line(line) is None


def test_checksums_are_read_as_sha256sum_writes_them() -> None:
    content = f"{'a' * 64}  ./config.json\n{'B' * 64} *sub/model file.gguf\n\n".encode()
    assert parse_checksums(content, where="s3://b") == {"config.json": "a" * 64, "sub/model file.gguf": "b" * 64}


@pytest.mark.parametrize("line", ["abc  x", f"{'a' * 64} x", f"SHA256 (x) = {'a' * 64}", f"{'a' * 64}  "])
def test_another_line_is_named_by_its_number(line: str) -> None:
    with pytest.raises(InvalidWeights, match=r"s3://b/SHA256SUMS:2: .*sha256sum"):
        parse_checksums(f"{'a' * 64}  ok\n{line}\n".encode(), where="s3://b")
