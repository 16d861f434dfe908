from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drivers.gateway_configurations import GOLDEN, LLAMA, QWEN, SPECS, written
from hypothesis import given
from hypothesis import strategies as st

from llmctl.serving.engines.container import Image
from llmctl.serving.errors import GatewayError
from llmctl.serving.gateway.gateway import Gateway
from llmctl.serving.gateway.haproxy import share
from llmctl.serving.gateway.haproxy.gateway import HaproxyGateway
from llmctl.serving.gateway.spec import GatewaySpec, Route

IMAGE = Image(repository="example.test/haproxy", tag="3.2")
ONE = SPECS["one-model"]
TWO = SPECS["two-models-two-gateways-tls"]


@pytest.mark.parametrize("case", SPECS)
def test_the_configuration_is_the_one_written_down(case: str) -> None:
    golden = {path.name: path.read_bytes().decode() for path in (GOLDEN / case).iterdir()}
    assert written(SPECS[case]) == golden


def test_haproxy_is_a_gateway() -> None:
    gateway: Gateway = HaproxyGateway()
    assert gateway.name == "haproxy"
    assert "haproxy.cfg" in gateway.files(ONE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"models": ()}, "at least one model"),
        ({"models": (LLAMA, LLAMA)}, "'llama' is there twice"),
        ({"models": (LLAMA, replace(QWEN, served_names=LLAMA.served_names))}, "is there twice"),
        ({"models": (replace(LLAMA, name="Llama"),)}, "lower case"),
        ({"models": (replace(LLAMA, name="a" * 64),)}, "up to 63"),
        ({"models": (replace(LLAMA, served_names=()),)}, "needs a served name"),
        ({"models": (replace(LLAMA, served_names=("two words",)),)}, "'two words'"),
        ({"models": (replace(LLAMA, served_names=("it's",)),)}, "it's"),
        ({"models": (replace(LLAMA, served_names=("100%",)),)}, "100%"),
        ({"models": (replace(LLAMA, routes=frozenset({Route(method="GET", path="/a b")})),)}, "'/a b'"),
        ({"models": (replace(LLAMA, routes=frozenset({Route(method="GET '", path="/a")})),)}, "method"),
        ({"models": (replace(LLAMA, health_path="/a\nb"),)}, "health path"),
        ({"models": (replace(LLAMA, slots=0),)}, "slots of model llama is 0; at least 1"),
        ({"models": (replace(LLAMA, ready_host="a b"),)}, "'a b'"),
        ({"gateways": 0}, "gateways is 0; at least 1"),
        ({"session_header": "X Session"}, "session header 'X Session'"),
        ({"keys_directory": "/etc/a b"}, "'/etc/a b'"),
        ({"affinity_bytes": 2_000_001}, "affinity_bytes is 2000001; at most body_bytes"),
    ],
)
def test_a_spec_that_cannot_be_held_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    with pytest.raises(GatewayError, match=words):
        HaproxyGateway().files(replace(ONE, **change))


@given(slots=st.integers(1, 500), gateways=st.integers(1, 9))
def test_n_gateways_together_hold_all_slots_and_fewer_than_n_too_many(slots: int, gateways: int) -> None:
    model = replace(LLAMA, slots=slots)
    spec = GatewaySpec(models=(model,), gateways=gateways)
    together = share.slots(spec, model) * gateways
    assert slots <= together < slots + gateways


def test_the_container_drains_before_it_is_killed() -> None:
    shutdown = HaproxyGateway().container(ONE, IMAGE).shutdown
    assert shutdown.grace_seconds > shutdown.pre_stop_seconds + ONE.drain_seconds
    assert "SIGUSR1" in shutdown.why


def test_probes_need_neither_key_nor_tls() -> None:
    probes = HaproxyGateway().container(TWO, IMAGE).probes
    assert {probes.startup.port, probes.readiness.port} == {TWO.metrics_port}
    assert probes.liveness
    assert probes.liveness.path != probes.readiness.path, "not ready is no reason to be killed"
