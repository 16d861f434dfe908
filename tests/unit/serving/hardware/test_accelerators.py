"""The bundled accelerators, and how one is found by name."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.errors import HardwareError
from llmctl.serving.hardware.accelerator import Accelerator, Vendor
from llmctl.serving.hardware.accelerators import accelerator, accelerators

GIB = 1024**3
EVERY = [pytest.param(each, id=each.name) for each in accelerators().values()]

# Figures of other sources than the bundled ones: AWS, DescribeInstanceTypes as shown in karpenter-provider-aws
# (memory in MiB); huggingface/text-generation-inference launcher/src/main.rs (dense float16 TFLOPS);
# dstackai/gpuhunt src/gpuhunt/_internal/constraints.py (compute capability). None: that source has no figure.
SECOND_SOURCE = [
    ("t4", 16384, 65, (7, 5)),
    ("l4", 22888, 121, (8, 9)),
    ("a10g", 22888, None, (8, 6)),
    ("l40s", 45776, 363, (8, 9)),
    ("a100", 40960, 312, (8, 0)),
    ("a100-80gb", 81920, 312, (8, 0)),
    ("h100", 81920, None, (9, 0)),
    ("h200", 144384, 989, (9, 0)),
    ("b200", 183359, None, (10, 0)),
]


def test_every_accelerator_that_users_ask_for_is_known() -> None:
    asked = {"t4", "l4", "a10g", "l40s", "a100", "a100-80gb", "h100", "h200", "b200", "rtx-pro-6000", "mi300x"}
    assert asked | {"h100-nvl", "inferentia2"} <= set(accelerators())


@pytest.mark.parametrize(("name", "memory", "tflops", "capability"), SECOND_SOURCE)
def test_figures_agree_with_a_second_source(
    name: str, memory: int, tflops: float | None, capability: tuple[int, int]
) -> None:
    known = accelerator(name)
    assert known.compute_capability == capability
    assert known.usable_memory == pytest.approx(memory * 1024**2, rel=0.07)
    if tflops:
        assert known.flops["float16"] == pytest.approx(tflops * 1e12, rel=0.01)


@pytest.mark.parametrize("known", EVERY)
def test_a_driver_reports_at_most_what_the_maker_states_and_little_less(known: Accelerator) -> None:
    # GDDR6 cards keep a sixteenth for ECC; an H200's 141 "GB" are 140.4 GiB.
    assert known.memory * 11 / 12 <= known.usable_memory <= known.memory


@pytest.mark.parametrize("known", EVERY)
def test_cuda_gives_at_most_what_the_driver_reports_and_its_figure_has_a_source(known: Accelerator) -> None:
    assert (known.visible_memory is None) is (known.visible_source is None)
    if known.visible_memory is not None:
        assert 0.97 * known.usable_memory <= known.visible_memory <= known.usable_memory


@pytest.mark.parametrize("known", EVERY)
def test_halving_the_width_of_numbers_at_most_doubles_the_rate(known: Accelerator) -> None:
    # A figure with sparsity among dense ones would break this: it would be four times the next wider format.
    widths = [known.flops[each] for each in ("float16", "float8", "float4") if each in known.flops]
    for wider, narrower in pairwise(widths):
        assert wider <= narrower <= 2.05 * wider


@pytest.mark.parametrize("known", EVERY)
def test_bfloat16_is_there_exactly_where_the_hardware_has_it(known: Accelerator) -> None:
    older = known.compute_capability is not None and known.compute_capability < (8, 0)
    assert ("bfloat16" in known.flops) is not older


@pytest.mark.parametrize("known", EVERY)
def test_float8_is_there_exactly_where_the_hardware_has_it(known: Accelerator) -> None:
    older = known.compute_capability is not None and known.compute_capability < (8, 9)
    assert ("float8" in known.flops) is not older


@pytest.mark.parametrize("known", EVERY)
def test_every_figure_has_a_source_and_a_date(known: Accelerator) -> None:
    assert known.source
    assert known.memory_source
    assert date(2026, 1, 1) <= known.read_on
    assert known.compute_capability or known.vendor is not Vendor.NVIDIA


@pytest.mark.parametrize("known", EVERY)
def test_a_name_is_one_word_of_lower_case(known: Accelerator) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", known.name)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("L4", "l4"),
        ("nvidia-l4", "l4"),
        ("NVIDIA L4", "l4"),
        ("nvidia-tesla-t4", "t4"),
        ("A100-80GB", "a100-80gb"),
        ("NVIDIA A100-SXM4-80GB", "a100-80gb"),
        ("nvidia-tesla-a100", "a100"),
        ("nvidia_h100_80gb", "h100"),
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA H100 NVL", "h100-nvl"),
        ("nvidia-h200-141gb", "h200"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtx-pro-6000"),
        ("AMD Instinct MI300X", "mi300x"),
        ("inf2", "inferentia2"),
    ],
)
def test_the_spellings_of_clouds_and_drivers_are_understood(spelling: str, name: str) -> None:
    assert accelerator(spelling).name == name


@given(st.sampled_from(list(accelerators().values())), st.data())
def test_case_and_separators_do_not_matter(known: Accelerator, data: st.DataObject) -> None:
    letters = [data.draw(st.sampled_from([c.upper(), c])) for c in known.name]
    separators = data.draw(st.sampled_from(["-", "_", " "]))
    assert accelerator("".join(letters).replace("-", separators)) is known


def test_no_two_accelerators_share_a_spelling() -> None:
    for known in accelerators().values():
        for spelling in (known.name, known.title, *known.other_names):
            assert accelerator(spelling) is known, spelling


def test_an_unknown_name_is_answered_with_those_that_look_alike() -> None:
    with pytest.raises(HardwareError) as raised:
        accelerator("h1000")
    assert str(raised.value) == ("accelerator 'h1000': not known; write h100 or h200 (docs/hardware.md lists them all)")


def test_a_name_like_no_other_is_answered_with_all_of_them() -> None:
    with pytest.raises(HardwareError, match=r"write t4 or l4 or .* or inferentia2"):
        accelerator("?")
