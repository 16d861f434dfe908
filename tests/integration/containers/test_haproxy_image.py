"""HAProxy's image: it takes the official image's place."""

from __future__ import annotations

import subprocess
from pathlib import Path

from drivers.image_archive import ImageFile, Root
from packing.recipes import HAPROXY_USER

from llmctl.serving.gateway.haproxy.container import USER

CONFIGURATION = """
global
    lua-load {lua}
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend front
    bind 127.0.0.1:8080
    http-request set-var(txn.hash) str(x),sha2(256),hex
    http-request lua.nothing
    http-request use-service prometheus-exporter if {{ path /metrics }}
    http-request deny deny_status 503
"""


def test_it_is_stopped_by_the_signal_that_lets_streams_end(haproxy: ImageFile) -> None:
    config = haproxy.config["config"]
    assert config["StopSignal"] == "SIGUSR1"
    assert config["Entrypoint"] == ["haproxy"]


def test_it_runs_as_the_official_images_user(haproxy: ImageFile) -> None:
    assert haproxy.config["config"]["User"] == f"{HAPROXY_USER}:{HAPROXY_USER}"
    assert HAPROXY_USER == USER


def test_it_has_lua_hashes_and_the_prometheus_exporter(haproxy_root: Root, tmp_path: Path) -> None:
    (tmp_path / "nothing.lua").write_text('core.register_action("nothing", {"http-req"}, function(txn) end)\n')
    (tmp_path / "haproxy.cfg").write_text(CONFIGURATION.format(lua=tmp_path / "nothing.lua"))
    command = haproxy_root.command("usr/sbin/haproxy", "-c", "-f", str(tmp_path / "haproxy.cfg"))
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
