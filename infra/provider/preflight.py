"""What can be known to go wrong before a server process is started."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress

import psutil

from llmctl.infra.local.server_process import ServerStatus
from llmctl.infra.provider.inputs import Failure


def endpoint_failures(hostname: str, port: int, own: Sequence[ServerStatus]) -> Iterator[Failure]:
    """Whether the address can be listened on; a server of our own that will make room does not count."""
    if any(server.alive and server.url.endswith(f":{port}") for server in own):
        return
    try:
        family, _, _, _, address = socket.getaddrinfo(hostname, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        yield Failure("hostname", f"{hostname} has no address: {error.strerror}")
        return
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do it: connections that the last one left in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            yield _refused(hostname, port, error)


def _refused(hostname: str, port: int, error: OSError) -> Failure:
    if error.errno == errno.EADDRINUSE:
        holder = _holder(port) or "another process"
        return Failure("port", f"{hostname}:{port} is taken by {holder}; stop it or choose another port")
    if error.errno == errno.EADDRNOTAVAIL:
        return Failure("hostname", f"{hostname} is not an address of this machine")
    return Failure("port", f"{hostname}:{port} cannot be listened on: {error.strerror}")


def _holder(port: int) -> str | None:
    # Other users' sockets have no pid for us, and on macOS the whole question needs root.
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            if (
                connection.pid
                and connection.status == psutil.CONN_LISTEN
                and connection.laddr
                and connection.laddr.port == port
            ):
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return None


def memory_failures(needed: int, available: int, own: Sequence[ServerStatus]) -> Iterator[Failure]:
    """Bytes; what our own running server would give back counts as available."""
    usable = available + sum(server.memory for server in own)
    if needed > usable:
        reason = (
            f"needs {_gib(needed)} of memory, {_gib(usable)} can be had; "
            "choose a smaller model or quantization, or lower maxTotalTokens or maxBatchSize"
        )
        yield Failure("model", reason)


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB"
