from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from llmctl.serving.server.runtime import CannotStart, SocketPlace, bind, listen
from llmctl.serving.server.settings import BadSettings


def test_a_given_directory_becomes_private_and_a_stale_socket_goes(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir(mode=0o755)
    (directory / "llama.sock").touch()
    place = SocketPlace(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert not place.socket.exists()
    place.clear()
    assert directory.is_dir(), "a directory of the caller's stays"


def test_an_own_directory_goes_with_the_server() -> None:
    place = SocketPlace(None)
    assert stat.S_IMODE(place.directory.stat().st_mode) == 0o700
    assert len(str(place.socket).encode()) <= 107
    place.clear()
    place.clear()
    assert not place.directory.exists()


def test_a_path_too_long_for_a_socket_is_refused_with_the_allowed_length(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="too long for a unix socket; allowed are 96 bytes"):
        SocketPlace(tmp_path / ("x" * 120))


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotStart, match=f"--runtime-dir {tmp_path}/file/run"):
        SocketPlace(tmp_path / "file" / "run")


def test_a_bound_port_refuses_connections_until_it_listens() -> None:
    with bind("127.0.0.1", 0) as taken:
        address = taken.getsockname()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        listen(taken)
        socket.create_connection(address).close()


def test_of_two_that_took_the_same_port_only_the_first_listens() -> None:
    with bind("127.0.0.1", 0) as first, bind(*first.getsockname()) as second:
        listen(first)
        with pytest.raises(CannotStart, match="Address already in use"):
            listen(second)


def test_a_host_name_that_is_no_address_here_is_named() -> None:
    with pytest.raises(CannotStart, match=r"cannot listen on 192\.0\.2\.1 port 1024"):
        bind("192.0.2.1", 1024)
