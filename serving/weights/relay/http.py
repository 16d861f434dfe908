"""GETs at one endpoint: redirects followed by hand, credentials for the endpoint alone, nothing logged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore

from llmctl.serving.weights.relay.errors import UpstreamBroke, UpstreamRefused
from llmctl.serving.weights.relay.network import GuardedNetwork, origin

SECONDS = 30.0
"""Without a byte; afterwards the try is over."""
REDIRECTS = 5
"""In a row. The Hub needs one, a registry one or two."""
CONNECTIONS = 256
"""At one endpoint, in use or kept: 16 of each of 16 replicas that start at the same time."""


class Endpoint:
    """`url` is http or https, as it was configured; https never turns into http on the way."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.host = urlsplit(url).hostname or ""
        self._origin = origin(self.url)
        self._network = GuardedNetwork(self.url)
        self._pools: dict[str | None, httpcore.AsyncConnectionPool] = {}

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    @asynccontextmanager
    async def get(
        self, url: str, headers: Mapping[str, str], own: Mapping[str, str]
    ) -> AsyncIterator[tuple[httpcore.Response, str]]:
        """The answer, its body not read yet, and the address that gave it. `own` headers go to the endpoint only.

        Raises UpstreamBroke, also while the body is read, and UpstreamRefused.
        """
        for _ in range(REDIRECTS + 1):
            sent = {**headers, **own} if origin(url) == self._origin else headers
            async with self._once(url, sent) as answer:
                target = header(answer, "location") if answer.status in (301, 302, 303, 307, 308) else None
                if target is None:
                    yield answer, url
                    return
            url = self._followed(url, target)
        raise UpstreamRefused(f"{self.host} redirects more than {REDIRECTS} times.")

    @asynccontextmanager
    async def _once(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[httpcore.Response]:
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), SECONDS)
        try:
            pool = self._pool(url)
            async with pool.stream("GET", url, headers=[*headers.items()], extensions={"timeout": timeout}) as answer:
                yield answer
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise UpstreamBroke(f"{origin(url)[1]} does not answer to the end ({type(error).__name__}).") from error
        except (httpcore.ProxyError, httpcore.UnsupportedProtocol) as error:
            raise UpstreamRefused(f"{origin(url)[1]} cannot be reached ({type(error).__name__}).") from error

    def _followed(self, url: str, target: str) -> str:
        url = urljoin(url, target)
        scheme, host, _ = origin(url)
        if scheme != "https" and self._origin[0] == "https":
            raise UpstreamRefused(f"{self.host} sends the relay to {host} without TLS; not followed.")
        return url

    def _pool(self, url: str) -> httpcore.AsyncConnectionPool:
        """Straight through the guarded network, or through the proxy that the environment names for this host.

        A proxy resolves names itself; what it may reach is for it to say.
        """
        scheme, host, port = origin(url)
        proxies = getproxies()  # of the environment
        proxy = None if proxy_bypass(f"{host}:{port}") else proxies.get(scheme)
        if proxy not in self._pools:
            self._pools[proxy] = _new_pool(proxy, self._network)
        return self._pools[proxy]


def _new_pool(proxy: str | None, network: GuardedNetwork) -> httpcore.AsyncConnectionPool:
    import httpx

    more: dict[str, Any] = {
        "ssl_context": httpx.create_ssl_context(),  # SSL_CERT_FILE, else certifi's
        "max_connections": CONNECTIONS,
        "keepalive_expiry": SECONDS,
    }
    if proxy is None:
        return httpcore.AsyncConnectionPool(network_backend=network, **more)
    parts = urlsplit(proxy)
    login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return httpcore.AsyncHTTPProxy(bare, proxy_auth=login, **more)


def header(answer: httpcore.Response, name: str) -> str | None:
    wanted = name.encode()
    return next((value.decode("latin-1") for key, value in answer.headers if key.lower() == wanted), None)
