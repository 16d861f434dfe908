"""Connections checked where they are made: a name is resolved once, judged, and connected to by its address."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpcore

from llmctl.serving.weights.relay.addresses import Address, Kind, kind_of, may_be_sent_to
from llmctl.serving.weights.relay.errors import UpstreamBroke, UpstreamRefused
from llmctl.serving.weights.relay.stream import LargeReads

if TYPE_CHECKING:
    from httpcore import SOCKET_OPTION

PORTS = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises UpstreamRefused for an address that is none."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise UpstreamRefused("The source sends the relay to something that is no http or https address.") from None


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """What `endpoint` names is reached wherever it is; hosts that it redirects to, only where it may send us."""

    def __init__(self, endpoint: str) -> None:
        _, self._host, self._port = origin(endpoint)
        self._kinds: frozenset[Kind] = frozenset()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002 (httpcore's signature)
        socket_options: Iterable[SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        addresses = await _addresses(host, port)
        if (host, port) == (self._host, self._port):
            self._kinds |= {kind_of(address) for address in addresses}
        else:
            addresses = [address for address in addresses if may_be_sent_to(address, self._kinds)]
            if not addresses:
                raise UpstreamRefused(
                    f"{self._host} sends the relay to {host}, which is inside the network; not followed."
                )
        return await _first(addresses, port, timeout)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _first(addresses: list[Address], port: int, timeout: float | None) -> httpcore.AsyncNetworkStream:
    for address in addresses[:-1]:
        try:
            return await LargeReads.connect(str(address), port, timeout)
        except (httpcore.ConnectError, httpcore.ConnectTimeout):
            continue
    return await LargeReads.connect(str(addresses[-1]), port, timeout)


def refuse_inside(host: str, source: str) -> None:
    """For the few requests that go by a client of its own. Raises UpstreamRefused, UpstreamBroke."""
    try:
        kinds = {kind_of(address) for address in _parsed(socket.getaddrinfo(source, None, type=socket.SOCK_STREAM))}
        addresses = _parsed(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))
    except OSError as error:
        raise UpstreamBroke(f"The name {host} is not known here ({error.strerror}).") from error
    if host != source and not all(may_be_sent_to(address, kinds) for address in addresses):
        raise UpstreamRefused(f"{source} sends the relay to {host}, which is inside the network; not followed.")


async def _addresses(host: str, port: int) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UpstreamBroke(f"The name {host} is not known here ({error.strerror}).") from error
    return _parsed(found)


def _parsed(found: Iterable[tuple[Any, ...]]) -> list[Address]:
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
