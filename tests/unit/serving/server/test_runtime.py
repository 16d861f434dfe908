from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from llmctl.serving.server.runtime import CannotStart, SocketPlace, bind, listen


def test_a_given_directory_becomes_private_and_a_stale_socket_goes(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir(mode=0o755)
    (directory / "llama.sock").touch()
    place = SocketPlace(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert not (directory / place.socket).exists()
    place.clear()
    assert directory.is_dir(), "a directory of the caller's stays"


def test_an_own_directory_goes_with_the_server() -> None:
    place = SocketPlace(None)
    assert stat.S_IMODE(place.directory.stat().st_mode) == 0o700
    place.clear()
    place.clear()
    assert not place.directory.exists()


def test_a_directory_may_be_deeper_than_a_sockets_path_can_be_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # and back afterwards
    place = SocketPlace(tmp_path / ("x" * 120))
    place.enter()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place.socket))
    assert (place.directory / place.socket).exists()


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
