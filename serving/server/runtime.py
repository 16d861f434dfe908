"""What the server takes from the machine before it serves: its port, and a private place for llama.cpp's socket."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path

_SOCKET = "llama.sock"


class CannotStart(Exception):
    """The machine refuses what the server needs. One line."""


class SocketPlace:
    """A directory of mode 0700 for one socket. What an earlier process left there is removed first.

    A unix socket's path may have no more than 107 bytes (macOS: 103), and a project may lie deeper than that. The
    process steps into the directory with `enter`, and the socket has a name without a directory from then on.
    """

    socket = Path(_SOCKET)

    def __init__(self, directory: Path | None) -> None:
        """Raises CannotStart for a directory that cannot be made private."""
        self._own = directory is None
        self.directory = Path(tempfile.mkdtemp(prefix="llmctl-")) if directory is None else _private(directory)
        (self.directory / self.socket).unlink(missing_ok=True)

    def enter(self) -> None:
        os.chdir(self.directory)

    def clear(self) -> None:
        """Remove the socket, and the directory if it was made here. Never raises for what is gone already."""
        (self.directory / self.socket).unlink(missing_ok=True)
        if self._own:
            shutil.rmtree(self.directory, ignore_errors=True)


def _private(directory: Path) -> Path:
    directory = directory.absolute()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
    except OSError as error:
        raise CannotStart(f"--runtime-dir {directory} cannot be made private: {error.strerror}") from error
    return directory


def bind(hostname: str, port: int) -> socket.socket:
    """Take the port without listening on it: TGI refuses connections until the model is warm.

    Two processes can hold a port like this at the same time; `listen` decides between them.

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


def listen(taken: socket.socket) -> None:
    """Start to listen. Raises CannotStart where another process was faster."""
    try:
        taken.listen()
    except OSError as error:
        hostname, port, *_ = taken.getsockname()
        raise CannotStart(f"cannot listen on {hostname} port {port}: {error.strerror}") from error
