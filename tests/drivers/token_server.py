"""A token server for the real registry: it signs, by RFC 7515 and the standard library, who may do what.

USER may pull and push everywhere; everybody may pull from `public/`. A token for less than was asked is given, as the
token specification has it, and the registry refuses what it does not cover.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from drivers.loopback import serving
from drivers.oci_registry import PASSWORD, USER

SERVICE, ISSUER, KEY_ID = "registry-of-the-tests", "token-server-of-the-tests", "key-of-the-tests"

KEY_BITS = 1024
"""Of an RSA key that lives as long as a test; Go accepts no shorter one."""
EXPONENT = 65537
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo of SHA-256 in RFC 8017, section 9.2."""


@dataclass
class TokenServer:
    address: str
    jwks: Path
    scopes: list[str] = field(default_factory=list)
    """What tokens were asked for."""

    @property
    def settings(self) -> dict[str, str]:
        """The registry's `auth.token`."""
        return {"realm": self.address, "service": SERVICE, "issuer": ISSUER, "jwks": str(self.jwks)}


@contextmanager
def token_server(directory: Path) -> Iterator[TokenServer]:
    modulus, private = _key()
    jwks = directory / "jwks.json"
    public = {"kty": "RSA", "kid": KEY_ID, "alg": "RS256", "use": "sig", "n": _number(modulus), "e": _number(EXPONENT)}
    jwks.write_text(json.dumps({"keys": [public]}))

    def answer(handler: BaseHTTPRequestHandler) -> None:
        scope = parse_qs(urlsplit(handler.path).query)["scope"][0]
        running.scopes.append(scope)
        access = _allowed(scope, handler.headers.get("Authorization"))
        if access is None:
            handler.send_error(401)
            return
        body = json.dumps({"token": _signed(access, modulus, private)}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    with serving(answer) as host:
        running = TokenServer(f"http://{host}/token", jwks)
        yield running


def _allowed(scope: str, authorization: str | None) -> list[dict[str, Any]] | None:
    """The granted part of a scope; None for a wrong password."""
    kind, name, actions = scope.split(":")
    granted = ["pull"] if name.startswith("public/") else []
    if authorization is not None:
        if base64.b64decode(authorization.removeprefix("Basic ")).decode() != f"{USER}:{PASSWORD}":
            return None
        granted = actions.split(",")
    return [{"type": kind, "name": name, "actions": granted}]


def _signed(access: list[dict[str, Any]], modulus: int, private: int) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": USER, "aud": SERVICE, "nbf": now - 10, "iat": now, "exp": now + 300}
    claims |= {"jti": secrets.token_hex(8), "access": access}
    signed = f"{_json({'typ': 'JWT', 'alg': 'RS256', 'kid': KEY_ID})}.{_json(claims)}"
    size = KEY_BITS // 8
    content = SHA256_PREFIX + hashlib.sha256(signed.encode()).digest()
    padded = b"\x00\x01" + b"\xff" * (size - len(content) - 3) + b"\x00" + content
    return f"{signed}.{_base64(pow(int.from_bytes(padded), private, modulus).to_bytes(size))}"


def _key() -> tuple[int, int]:
    """Modulus and private exponent of an RSA key."""
    while True:
        first, second = _prime(KEY_BITS // 2), _prime(KEY_BITS // 2)
        modulus, order = first * second, (first - 1) * (second - 1)
        if modulus.bit_length() == KEY_BITS and order % EXPONENT:
            return modulus, pow(EXPONENT, -1, order)


def _prime(bits: int) -> int:
    while True:
        candidate = secrets.randbits(bits) | 1 | 1 << (bits - 1)
        if all(pow(base, candidate - 1, candidate) == 1 for base in (2, 3, 5, 7, 11)):
            return candidate


def _number(value: int) -> str:
    return _base64(value.to_bytes((value.bit_length() + 7) // 8))


def _json(content: object) -> str:
    return _base64(json.dumps(content).encode())


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
