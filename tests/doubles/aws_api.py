"""AWS that only says no: answers every call on loopback with one error, and remembers who was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CALLER = (
    "<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><GetCallerIdentityResult>"
    "<Arn>arn:aws:sts::{account}:assumed-role/admin/ada</Arn><UserId>AROA:ada</UserId><Account>{account}</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@dataclass
class Refusing:
    url: str
    code: str
    said: str
    status: int
    taken_in: frozenset[str]
    """Regions, by the signature's scope, in which STS answers all the same."""

    asked: list[str] = field(default_factory=list)
    """The regions that requests were signed for."""


@contextmanager
def aws_that_refuses(
    code: str, said: str = "no", *, status: int = 403, taken_in: frozenset[str] = frozenset()
) -> Iterator[Refusing]:
    """STS and EC2 speak XML, the others JSON; each gets the error in its own form."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            scope = self.headers["Authorization"].split("Credential=")[1].split("/")
            region, service = scope[2], scope[3]
            double.asked.append(region)
            if region in taken_in:
                self._answer(200, "text/xml", CALLER.format(account="123456789012"))
            elif service == "sts":
                self._answer(status, "text/xml", f"<R><Error><Code>{code}</Code><Message>{said}</Message></Error></R>")
            elif service == "ec2":
                body = f"<R><Errors><Error><Code>{code}</Code><Message>{said}</Message></Error></Errors></R>"
                self._answer(status, "text/xml", body)
            else:
                self._answer(status, "application/json", json.dumps({"__type": code, "message": said}))

        def _answer(self, status: int, kind: str, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        double = Refusing(f"http://127.0.0.1:{server.server_port}", code, said, status, taken_in)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield double
        finally:
            server.shutdown()
            thread.join()
