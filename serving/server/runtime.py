"""What the server takes from the machine before it serves: its port, and a private place for llama.cpp's socket."""

from __future__ import annotations

import shutil
import socket
import tempfile
from pathlib import Path

from llmctl.serving.server.settings import BadSettings

LONGEST_SOCKET_PATH = 107
"""Bytes of a unix socket's path on Linux, less the closing zero (man 7 unix); macOS has 103."""

_SOCKET = "llama.sock"


class CannotStart(Exception):
    """The machine refuses what the server needs. One line."""


class SocketPlace:
    """A directory of mode 0700 for one socket. What an earlier process left there is removed first."""

    def __init__(self, directory: Path | None) -> None:
        """Raises BadSettings for a directory whose path is too long, CannotStart for one that cannot be made."""
        self._own = directory is None
        self.directory = _temporary() if directory is None else _private(directory)
        self.socket = self.directory / _SOCKET
        self.socket.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove the socket, and the directory if it was made here. Never raises for what is gone already."""
        self.socket.unlink(missing_ok=True)
        if self._own:
            shutil.rmtree(self.directory, ignore_errors=True)


def _temporary() -> Path:
    """A fresh directory in $TMPDIR; in /tmp where the path of the socket would become too long."""
    directory = Path(tempfile.mkdtemp(prefix="llmctl-"))
    if _fits(directory):
        return directory
    directory.rmdir()
    return Path(tempfile.mkdtemp(prefix="llmctl-", dir="/tmp"))


def _private(directory: Path) -> Path:
    directory = directory.absolute()
    if not _fits(directory):
        most = LONGEST_SOCKET_PATH - len(_SOCKET) - 1
        raise BadSettings(f"--runtime-dir {directory} is too long for a unix socket; allowed are {most} bytes")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError as error:
        raise CannotStart(f"--runtime-dir {directory} cannot be made private: {error.strerror}") from error
    return directory


def _fits(directory: Path) -> bool:
    return len(str(directory / _SOCKET).encode()) <= LONGEST_SOCKET_PATH


def bind(hostname: str, port: int) -> socket.socket:
    """Take the port without listening on it: TGI refuses connections until the model is warm.

    Raises CannotStart, with what the system said, where the port is taken or the name is no address of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(hostname, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind)
    except OSError as error:
        raise CannotStart(f"cannot listen on {hostname}: {error.strerror}") from error
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        taken.close()
        raise CannotStart(f"cannot listen on {hostname} port {port}: {error.strerror}") from error
    return taken
