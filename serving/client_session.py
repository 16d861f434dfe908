"""The HTTP session that huggingface_hub speaks with: an endpoint on this machine is asked directly.

A proxy of the company's does not reach it, and HF_HUB_OFFLINE, which forbids asking the Hub, has nothing to say
about it. Everything else goes as huggingface_hub does it.
"""

from __future__ import annotations

import urllib.parse
import urllib.request
from functools import cache
from typing import Any

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@cache
def ask_loopback_directly() -> None:
    """Set huggingface_hub's session up, once for this process."""
    import httpx2
    from huggingface_hub import get_session, set_client_factory

    usual = get_session().event_hooks["request"]

    def hook(request: httpx2.Request) -> None:
        for each in usual if request.url.host not in LOOPBACK else ():
            each(request)

    def client() -> httpx2.Client:
        direct = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}
        return httpx2.Client(event_hooks={"request": [hook]}, mounts=direct, follow_redirects=True, timeout=None)

    set_client_factory(client)


def open_url(url: str, *, timeout: float) -> Any:
    """GET by the standard library, past any proxy where the address is this machine's own. Raises OSError."""
    own = urllib.parse.urlsplit(url).hostname in LOOPBACK
    opener = urllib.request.build_opener(*([urllib.request.ProxyHandler({})] if own else []))
    return opener.open(url, timeout=timeout)
