"""Questions to the API server, cheap enough to be asked many times a second (a kubectl costs a tenth of a second)."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from drivers.cluster.credentials import Authority

REQUEST_S = 5.0


@dataclass(frozen=True)
class ApiServer:
    server: str
    authority: Authority

    def ready(self) -> bool:
        return self._ask("/readyz") == b"ok"

    def get(self, path: str) -> Any:
        """The object or list there; None if the server gives no such answer (yet)."""
        answer = self._ask(path)
        return None if answer is None else json.loads(answer)

    def _ask(self, path: str) -> bytes | None:
        try:
            with self._opener().open(self.server + path, timeout=REQUEST_S) as answer:
                body: bytes = answer.read()
                return body
        except (urllib.error.URLError, OSError):
            return None

    def _opener(self) -> urllib.request.OpenerDirector:
        """With the administrator's certificate, and past any proxy of the environment."""
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        admin = self.authority.issued("admin")
        context.load_cert_chain(admin.certificate, admin.key)
        return urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
