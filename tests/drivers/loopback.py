"""An HTTP server on a free port, of the loopback unless told, for as long as a block runs: what doubles stand on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None], address: str = "127.0.0.1") -> Iterator[str]:
    """Its `ADDRESS:PORT`. `answer` gets every request, whatever its method; the last ones are not waited for."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with suppress(ConnectionError):  # a client that has seen enough hangs up
                super().handle()

        def do_GET(self) -> None:
            answer(self)

        do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815  (http.server's names)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr: tests look there for leaked keys and tokens."""

    server = ThreadingHTTPServer((address, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"{address}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
