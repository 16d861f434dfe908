from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.infra.aws.node_disk import GIB, LARGEST_GIB, SYSTEM_GIB, USED, disk

needs = st.integers(min_value=1, max_value=10_000 * GIB)


@given(need=needs, local=st.integers(min_value=0, max_value=40_000 * GIB))
def test_what_pods_need_fits_below_the_mark_at_which_the_kubelet_deletes_images(need: int, local: int) -> None:
    made = disk(need=need, local_bytes=local, written_gib=None)
    room = local if made.raid else (made.gib - SYSTEM_GIB) * GIB
    assert need <= USED * room
    assert made.ephemeral_gib >= need // GIB, "the autoscaler would take no such node for the pod"


@given(gib=st.integers(min_value=20, max_value=LARGEST_GIB), local=st.sampled_from([0, 10 * GIB, 4000 * GIB]))
def test_speed_keeps_to_what_gp3_allows_for_the_size(gib: int, local: int) -> None:
    made = disk(need=5 * GIB, local_bytes=local, written_gib=gib)
    assert made.gib == gib
    assert 3_000 <= made.iops <= max(3_000, min(16_000, 500 * made.gib))
    assert 125 <= made.throughput <= min(1_000, made.iops / 4)


def test_a_machine_whose_nvme_takes_everything_has_a_small_slow_volume() -> None:
    made = disk(need=200 * GIB, local_bytes=3_800 * 10**9, written_gib=None)
    assert (made.raid, made.gib, made.throughput) == (True, SYSTEM_GIB, 125)


def test_an_nvme_that_is_too_small_is_left_alone() -> None:
    """Half of the pods' files cannot lie on it: kubelet and containerd move as a whole."""
    made = disk(need=200 * GIB, local_bytes=125 * 10**9, written_gib=None)
    assert (made.raid, made.gib, made.throughput) == (False, 256, 1_000)


def test_more_than_a_volume_has_is_refused() -> None:
    with pytest.raises(ValueError, match="16,384"):
        disk(need=20_000 * GIB, local_bytes=0, written_gib=None)
