"""What a registry wants to see before it answers: Basic, or a token from the server that its challenge names.

The challenge is RFC 9110's `WWW-Authenticate`; the token server's answers are those of the distribution project's
token specification (GET with a scope) and its OAuth 2 form (POST, for identity tokens).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.credentials import Found

if TYPE_CHECKING:
    import httpx

PARAMETER = re.compile(r'([a-zA-Z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')

CLIENT_ID = "llmctl"
"""OAuth 2 wants one; registries do not look at it."""


class Authorization:
    """The Authorization headers for one registry. Credentials are looked up when it first asks for them."""

    def __init__(self, host: str, look_up: Callable[[], Found]) -> None:
        self._host, self._look_up = host, look_up
        self._found: Found | None = None
        self._headers: dict[str, str] = {}

    def header(self, scope: str) -> Mapping[str, str]:
        """What to send with a request, as far as earlier challenges taught it."""
        value = self._headers.get(scope) or self._headers.get("")
        return {"Authorization": value} if value else {}

    def answer(self, challenge: str, scope: str, client: httpx.Client) -> bool:
        """Learn the header that a 401 asks for. False: there is nothing else to send than what was refused."""
        scheme, _, rest = challenge.strip().partition(" ")
        refused = self.header(scope)
        if scheme.lower() == "basic":
            credentials = self.found.credentials
            if credentials is None or refused:
                return False
            self._headers[""] = f"Basic {credentials.basic}"
            return True
        if scheme.lower() == "bearer":
            self._headers[scope] = f"Bearer {self._token(_parameters(rest), scope, client)}"
            return self.header(scope) != refused
        raise RegistryError(
            f"{self._host} asks for {scheme or 'no'} authentication. Known: Basic and Bearer. "
            "Mirror the image by another tool, and name the mirror."
        )

    @property
    def found(self) -> Found:
        self._found = self._found or self._look_up()
        return self._found

    def without_secrets(self, text: str) -> str:
        """A registry's own words, should it repeat what it was sent."""
        credentials = self._found.credentials if self._found else None
        sent = [credentials.password, credentials.basic] if credentials else []
        sent += [value.partition(" ")[2] for value in self._headers.values()]
        for secret in filter(None, sent):
            text = text.replace(secret, "[secret]")
        return text

    def _token(self, challenge: Mapping[str, str], scope: str, client: httpx.Client) -> str:
        realm, server = challenge.get("realm", ""), urlsplit(challenge.get("realm", "")).hostname
        if not server:
            raise RegistryError(f"{self._host} names no server that gives tokens. Ask those who run the registry.")
        asked = {"service": challenge.get("service", ""), "scope": scope}
        response = self._request_token(realm, {key: value for key, value in asked.items() if value}, client)
        if response.status_code != 200:
            raise RegistryError(
                f"{server} gives no token for {scope} (HTTP {response.status_code}); "
                f"credentials: {self.found.where}. Log in: docker login {self._host}"
            )
        return self._read_token(response, server)

    def _request_token(self, realm: str, asked: Mapping[str, str], client: httpx.Client) -> httpx.Response:
        credentials = self.found.credentials
        if credentials is not None and credentials.is_identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": credentials.password, "client_id": CLIENT_ID}
            return client.post(realm, data={**form, **asked})
        headers = {"Authorization": f"Basic {credentials.basic}"} if credentials else {}
        return client.get(realm, params=asked, headers=headers)

    def _read_token(self, response: httpx.Response, server: str) -> str:
        try:
            content = response.json()
            return str(content.get("token") or content["access_token"])
        except (ValueError, KeyError, AttributeError) as error:
            raise RegistryError(
                f"{server} answers a request for a token with something else. Try again, or ask those who run it."
            ) from error


def _parameters(challenge: str) -> dict[str, str]:
    """`realm="https://…",service="…"` -> a map; quoted characters are unquoted."""
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
        for name, quoted, plain in PARAMETER.findall(challenge)
    }


def scope_of(repository: str, *, push: bool) -> str:
    """What a token has to allow."""
    return f"repository:{repository}:{'pull,push' if push else 'pull'}"
