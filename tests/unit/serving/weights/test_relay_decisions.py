"""Addresses a source may send the relay to, ranges, and the taking up of what broke off."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.weights.relay.addresses import Kind, kind_of, may_be_sent_to
from llmctl.serving.weights.relay.errors import UpstreamBroke, UpstreamRefused
from llmctl.serving.weights.relay.ranges import Span, span_asked_for
from llmctl.serving.weights.relay.source import FRUITLESS_TRIES, resumed
from llmctl.serving.weights.spec import WeightFile

KINDS = {
    "169.254.169.254": Kind.METADATA,
    "fd00:ec2::254": Kind.METADATA,
    "100.100.100.200": Kind.METADATA,
    "168.63.129.16": Kind.METADATA,
    "fe80::1": Kind.METADATA,
    "0.0.0.0": Kind.METADATA,  # noqa: S104 (an address that is judged)
    "::": Kind.METADATA,
    "224.0.0.1": Kind.METADATA,
    "::ffff:169.254.169.254": Kind.METADATA,
    "64:ff9b::a9fe:a9fe": Kind.METADATA,
    "2002:a9fe:a9fe::1": Kind.METADATA,
    "10.1.2.3": Kind.INSIDE,
    "172.16.0.1": Kind.INSIDE,
    "192.168.1.1": Kind.INSIDE,
    "100.64.0.1": Kind.INSIDE,
    "fd12::1": Kind.INSIDE,
    "64:ff9b::10.0.0.1": Kind.INSIDE,
    "127.0.0.1": Kind.LOOPBACK,
    "::1": Kind.LOOPBACK,
    "18.1.2.3": Kind.INTERNET,
    "2600:9000::1": Kind.INTERNET,
}


@pytest.mark.parametrize(("address", "kind"), KINDS.items())
def test_an_address_is_what_it_leads_to(address: str, kind: Kind) -> None:
    assert kind_of(ipaddress.ip_address(address)) is kind


@pytest.mark.parametrize("source", Kind)
@pytest.mark.parametrize(("address", "kind"), KINDS.items())
def test_a_source_sends_the_relay_to_the_internet_or_where_it_is_itself(address: str, kind: Kind, source: Kind) -> None:
    allowed = kind is Kind.INTERNET or (kind is source and kind is not Kind.METADATA)
    assert may_be_sent_to(ipaddress.ip_address(address), {source}) is allowed


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Span(0, 100)),
        ("bytes=0-9", Span(0, 10)),
        ("bytes=10-", Span(10, 100)),
        ("bytes=90-1000", Span(90, 100)),
        ("bytes=-5", Span(95, 100)),
        ("bytes=-500", Span(0, 100)),
        ("bytes=100-", None),
        ("bytes=9-3", None),
        ("bytes=-0", None),
        ("bytes=0-1,5-9", Span(0, 100)),
        ("lines=1-2", Span(0, 100)),
        ("bytes=-", Span(0, 100)),
        ("bytes=" + "9" * 30 + "-", Span(0, 100)),
    ],
)
def test_a_range_is_read_as_the_specification_has_it(header: str | None, expected: Span | None) -> None:
    assert span_asked_for(header, 100) == expected


@given(st.text(max_size=30), st.integers(0, 1000))
def test_no_range_header_leads_out_of_the_file(header: str, size: int) -> None:
    span = span_asked_for(header, size)
    assert span is None or 0 <= span.start <= span.end <= size


class Breaking:
    """A source that gives as many bytes as it is told, try after try; -1: it refuses."""

    def __init__(self, *tries: int) -> None:
        self.tries, self.asked = list(tries), list[int]()

    async def pieces(self, _: WeightFile, start: int, end: int) -> AsyncGenerator[bytes, None]:
        self.asked.append(start)
        count = self.tries.pop(0) if self.tries else end - start
        if count < 0:
            raise UpstreamRefused("no")
        yield bytes(range(start, min(end, start + count)))
        if start + count < end:
            raise UpstreamBroke("cut", wait=7.0)

    async def close(self) -> None: ...


def read(source: Breaking, pauses: list[float] | None = None) -> bytes:
    async def pause(seconds: float) -> None:
        (pauses if pauses is not None else []).append(seconds)

    async def whole() -> bytes:
        file = WeightFile(path="x", size=100, sha256="0" * 64)
        return b"".join([piece async for piece in resumed(source, file, 0, 100, pause=pause)])

    return asyncio.run(whole())


@given(st.lists(st.integers(1, 40), max_size=6))
def test_what_broke_off_is_taken_up_without_a_gap(tries: list[int]) -> None:
    source = Breaking(*tries)
    assert read(source) == bytes(range(100))
    assert source.asked == sorted(set(source.asked))


def test_the_source_s_own_wait_is_kept() -> None:
    pauses: list[float] = []
    read(Breaking(10), pauses)
    assert pauses == [7.0]


def test_a_source_that_gives_nothing_is_given_up() -> None:
    source = Breaking(10, *([0] * 100))
    with pytest.raises(UpstreamBroke):
        read(source)
    assert len(source.asked) == 1 + FRUITLESS_TRIES


def test_a_refusal_is_not_asked_about_again() -> None:
    source = Breaking(10, -1)
    with pytest.raises(UpstreamRefused):
        read(source)
    assert source.asked == [0, 10]
