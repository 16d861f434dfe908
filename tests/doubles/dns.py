"""A DNS server with the names that a cluster's Services would have. Addresses can change at any time."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

A = 1
NO_ERROR, NO_SUCH_NAME = 0, 3
TTL_SECONDS = 5


class Dns:
    """Answers A queries over UDP. A name that was never given addresses does not exist."""

    def __init__(self, server: socket.socket) -> None:
        self._server = server
        self._names: dict[str, list[str]] = {}
        self._silent = False
        self.answered = self.unanswered = 0
        self.address = f"127.0.0.1:{server.getsockname()[1]}"

    def has(self, name: str, *addresses: str) -> None:
        self._names[name] = list(addresses)

    def loses(self, name: str) -> None:
        del self._names[name]

    def falls_silent(self) -> None:
        self._silent = True

    def answer_all(self) -> None:
        """Until the socket is closed."""
        while True:
            try:
                query, client = self._server.recvfrom(4096)
            except OSError:
                return
            if not query:
                return
            if self._silent:
                self.unanswered += 1
            else:
                self._server.sendto(self._answer(query), client)
                self.answered += 1

    def _answer(self, query: bytes) -> bytes:
        name, end = _name(query)
        kind = struct.unpack_from("!H", query, end)[0]
        known = self._names.get(name)
        addresses = known if known and kind == A else []
        code = NO_ERROR if known is not None else NO_SUCH_NAME
        header = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(addresses), 0, 0)
        return header + query[12 : end + 4] + b"".join(_record(address) for address in addresses)


def _name(query: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode())
        at += 1 + length
    return ".".join(labels), at + 1


def _record(address: str) -> bytes:
    packed = ipaddress.IPv4Address(address).packed
    return struct.pack("!HHHIH", 0xC00C, A, 1, TTL_SECONDS, len(packed)) + packed


@contextmanager
def serving_dns() -> Iterator[Dns]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        dns = Dns(server)
        thread = threading.Thread(target=dns.answer_all)
        thread.start()
        try:
            yield dns
        finally:
            server.sendto(b"", server.getsockname())
            thread.join()
