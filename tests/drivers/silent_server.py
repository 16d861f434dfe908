"""A server that takes connections and never says a word: what a hung machine or a black hole looks like."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_server() -> Iterator[str]:
    """Its `127.0.0.1:PORT`; afterwards connections to it are refused. The kernel itself completes their handshakes."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"
