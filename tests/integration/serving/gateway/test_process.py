"""The process: its end, its certificate, its probes and metrics."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import httpx
import pytest
from doubles.replicas import Replica
from drivers.callers import callers, reading, whole
from drivers.certificates import self_signed
from drivers.eventually import eventually
from drivers.gateway_stack import CHAT, GatewayStack, chat
from drivers.haproxy import Haproxy


@pytest.fixture
def replica(stack: GatewayStack) -> Replica:
    replica = stack.replicas.one()
    stack.model("a", [replica])
    return replica


def refuses(gateway: Haproxy) -> bool:
    try:
        httpx.get(f"{gateway.url}/ping")
    except httpx.TransportError:
        return True
    return False


def test_a_gateway_that_is_told_to_end_takes_no_more_connections_and_finishes_its_streams(
    stack: GatewayStack, replica: Replica
) -> None:
    gateway = stack.gateway()
    replica.hold()
    with reading(stack, gateway, chat()) as (_, lines):
        gateway.soft_stop()
        eventually(lambda: refuses(gateway), "new connections are refused")
        replica.release()
        assert whole(lines)
    assert gateway.exit_code() == 0


def test_a_pooled_connection_is_not_cut_but_asked_to_close(stack: GatewayStack, replica: Replica) -> None:
    gateway = stack.gateway()
    with stack.client(gateway) as client:
        assert "connection" not in client.post(CHAT, json=chat()).headers
        gateway.soft_stop()
        eventually(lambda: refuses(gateway), "new connections are refused")
        last = client.post(CHAT, json=chat())
        assert last.status_code == 200
        assert last.headers["connection"] == "close"
    assert gateway.exit_code() == 0


def test_what_runs_on_is_ended_after_the_drain(stack: GatewayStack, replica: Replica) -> None:
    gateway = stack.gateway(drain_seconds=1)
    replica.hold()
    with reading(stack, gateway, chat()) as (_, lines):
        gateway.soft_stop()
        with pytest.raises(httpx.RemoteProtocolError):
            whole(lines)
    gateway.exit_code()


def test_tls_is_spoken_where_a_certificate_is_given(stack: GatewayStack, replica: Replica, tmp_path: Path) -> None:
    gateway = stack.gateway(tls=True, certificate_file=str(self_signed(tmp_path)))
    assert stack.post(gateway, chat()).status_code == 200
    with reading(stack, gateway, chat()) as (_, lines):
        assert whole(lines)
    with pytest.raises(httpx.TransportError):
        httpx.get(gateway.url.replace("https", "http"))
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(gateway.spec.certificate_file)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{gateway.url}/ping", verify=old)


def test_probes_and_metrics_have_a_port_of_their_own(stack: GatewayStack, replica: Replica) -> None:
    gateway = stack.gateway()
    inner = f"http://127.0.0.1:{gateway.spec.metrics_port}"
    assert [httpx.get(inner + path).status_code for path in ("/live", "/ready", "/other")] == [200, 200, 404]
    assert "haproxy_backend_current_queue" in httpx.get(f"{inner}/metrics").text
    replica.hold()
    with reading(stack, gateway, chat()):
        gateway.works_on("a", 1)


def test_a_new_gateway_is_not_ready_before_it_has_found_the_replicas(stack: GatewayStack) -> None:
    stack.model("a")
    gateway = stack.gateway(ready=False)
    ready = f"http://127.0.0.1:{gateway.spec.metrics_port}/ready"
    assert httpx.get(ready).status_code == 503
    stack.ready("a", stack.replicas.more())
    gateway.wait_until_ready()
    gateway.has_replicas("a", 1)


@pytest.mark.parametrize("gateways", [1, 3])
@pytest.mark.parametrize("tls", [False, True])
def test_haproxy_finds_nothing_to_say_about_its_configuration(
    stack: GatewayStack, tmp_path: Path, gateways: int, tls: bool
) -> None:
    for name in ("a", "b", "c"):
        stack.model(name, served_names=(f"org/{name}", f"adapter-of-{name}"))
    given = {"gateways": gateways, "tls": tls, "certificate_file": str(self_signed(tmp_path))}
    gateway = stack.gateway(ready=False, **given)
    command = [gateway.program, "-c", "-f", gateway.configuration]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert said.stderr == ""


def test_who_waits_when_the_gateway_is_told_to_end_still_gets_a_slot(stack: GatewayStack) -> None:
    replica = stack.replicas.one()
    stack.model("a", [replica], slots=1)
    gateway = stack.gateway()
    replica.hold()
    with callers(stack) as clients:
        calls = clients.all(gateway, [chat(text=str(number)) for number in range(3)])
        gateway.queues("a", 2)
        gateway.soft_stop()
        eventually(lambda: refuses(gateway), "new connections are refused")
        replica.release()
        assert [call.result().status_code for call in calls] == [200] * 3
    assert gateway.exit_code() == 0


def test_a_port_forward_finds_plain_http_on_the_loopback_also_with_tls(
    stack: GatewayStack, replica: Replica, tmp_path: Path
) -> None:
    gateway = stack.gateway(tls=True, certificate_file=str(self_signed(tmp_path)))
    tunnel = f"http://127.0.0.1:{gateway.spec.tunnel_port}"
    assert httpx.get(f"{tunnel}/ping").status_code == 200
    assert httpx.post(tunnel + CHAT, json=chat()).status_code == 401
