"""A local server that answers as a container registry does, with its token server and its storage, and its bad days.

It checks: which requests carry which Authorization, the scope a token is asked for, the Range of a layer. It answers
with the routes for manifests, layers and uploads, a redirect of layers to a second port, and OCI errors, and throttles,
cuts, lies or refuses when told to.
It does not check: TLS, the content of what is pushed beyond its digest, or of a token more than that it is the one it
gave. What a registry accepts is shown by the real one, tests/drivers/oci_registry.py.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from drivers.loopback import serving
from drivers.oci_images import TestImage, sha256

UPLOAD = "/upload/1?state=a%2Fb"
"""Where uploads go; the query has to come back as it was."""


@dataclass(frozen=True)
class Seen:
    server: str
    """`registry` or `storage`."""
    method: str
    path: str
    query: Mapping[str, list[str]]
    authorization: str | None
    range: str | None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    """Bytes of the body after which the connection ends."""


@dataclass
class RegistryDouble:
    host: str = ""
    storage: str = ""
    requests: list[Seen] = field(default_factory=list)
    token: str = "token-of-the-double"
    _parts: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _throttled: int = 0
    _retry_after: str | None = None
    _challenge: str | None = None
    _accepted: str | None = None
    _token_status: int = 200
    _login: str | None = None
    _other: dict[str, bytes] = field(default_factory=dict)
    _cuts: list[int] = field(default_factory=list)
    _ranges: bool = True
    _redirects: bool = False
    _instead: Answer | None = None
    _no_uploads: Answer | None = None
    _upload_place: str = UPLOAD
    _rewritten: bytes | None = None

    def has(self, repository: str, tag: str, image: TestImage) -> None:
        for digest, blob in image.blobs.items():
            self._parts[f"/v2/{repository}/blobs/{digest}"] = ("application/octet-stream", blob)
        for manifest in image.manifests:
            self._parts[f"/v2/{repository}/manifests/{manifest.digest}"] = (manifest.media_type, manifest.body)
        self._parts[f"/v2/{repository}/manifests/{tag}"] = (image.top.media_type, image.top.body)

    def throttles(self, *, times: int, retry_after: str | None = "0") -> None:
        self._throttled, self._retry_after = times, retry_after

    def wants_token(self, *, login: str | None = None) -> None:
        """`login` (user:password): whom the token server gives one; None: everybody, also without credentials."""
        self._challenge = f'Bearer realm="http://{self.host}/token",service="double",scope="repository:a:pull"'
        self._accepted, self._login = f"Bearer {self.token}", login

    def wants_password(self, login: str) -> None:
        self._accepted = f"Basic {base64.b64encode(login.encode()).decode()}"
        self._challenge = 'Basic realm="double"'

    def challenges_with(self, challenge: str) -> None:
        """Nothing that is sent will do."""
        self._challenge, self._accepted = challenge, "nothing"

    def forgets_the_token(self, new: str) -> None:
        """The one it gave has expired; from now on it gives `new`."""
        self.token, self._accepted = new, f"Bearer {new}"

    def sends_other_bytes(self, content: bytes, *, instead_of: bytes) -> None:
        self._other[sha256(instead_of)] = content

    def cuts_the_connection_after(self, *byte_counts: int) -> None:
        """The first download of a layer ends after that many bytes, the second after the next number, and so on."""
        self._cuts = list(byte_counts)

    def knows_no_ranges(self) -> None:
        self._ranges = False

    def keeps_layers_in_storage(self) -> None:
        """They are redirected to, to another port."""
        self._redirects = True

    def answers_everything_with(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        self._instead = Answer(status, headers or {}, body)

    def takes_no_layer(self, status: int, code: str, message: str) -> None:
        """Uploads can be begun, and their bytes are refused."""
        self._no_uploads = _error(status, code, message)

    def sends_uploads_to(self, place: str) -> None:
        self._upload_place = place

    def rewrites_manifests(self, body: bytes) -> None:
        """Whatever manifest is pushed, this one is kept."""
        self._rewritten = body

    def content(self, path: str) -> bytes | None:
        return self._parts[path][1] if path in self._parts else None

    def asked(self, part: str) -> list[Seen]:
        return [seen for seen in self.requests if part in seen.path]

    def answer(self, handler: BaseHTTPRequestHandler) -> Answer:
        seen = self._note("registry", handler)
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if self._instead:
            return self._instead
        if seen.path == "/token":
            return self._answer_token(seen, body)
        if self._throttled:
            self._throttled -= 1
            wait = {} if self._retry_after is None else {"Retry-After": self._retry_after}
            return Answer(429, wait, _error(429, "TOOMANYREQUESTS", "slow down").body)
        if self._challenge and seen.authorization != self._accepted:
            denied = _error(401, "UNAUTHORIZED", f"not with {seen.authorization}")
            return Answer(401, {"WWW-Authenticate": self._challenge}, denied.body)
        return self._answer_push(seen, handler, body) if seen.method in ("POST", "PUT") else self._answer_pull(seen)

    def answer_storage(self, handler: BaseHTTPRequestHandler) -> Answer:
        seen = self._note("storage", handler)
        if seen.method == "PUT":
            handler.rfile.read(int(handler.headers["Content-Length"]))
            return Answer(201)
        return self._layer(seen)

    def _answer_token(self, seen: Seen, body: bytes) -> Answer:
        form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        given = form.get("refresh_token") or _decoded(seen.authorization)
        if self._login is not None and given != self._login:
            return _error(401, "UNAUTHORIZED", "wrong login")
        key = "access_token" if form else "token"
        return Answer(200, {"Content-Type": "application/json"}, json.dumps({key: self.token}).encode())

    def _answer_pull(self, seen: Seen) -> Answer:
        if seen.path not in self._parts:
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        if "/blobs/" in seen.path:
            if self._redirects and seen.method == "GET":
                return Answer(307, {"Location": f"http://{self.storage}{seen.path}"})
            return self._layer(seen)
        media_type, content = self._parts[seen.path]
        digest = sha256(content)
        return Answer(
            200, {"Content-Type": media_type, "Docker-Content-Digest": digest}, self._other.get(digest, content)
        )

    def _layer(self, seen: Seen) -> Answer:
        content = self._parts[seen.path][1]
        content = self._other.get(sha256(content), content)
        asked = seen.range if self._ranges else None
        start = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        cut = self._cuts.pop(0) if self._cuts and seen.method == "GET" else None
        return Answer(206 if asked else 200, {}, content[start:], cut)

    def _answer_push(self, seen: Seen, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
        if seen.method == "POST":
            return Answer(202, {"Location": self._upload_place})
        if "/manifests/" in seen.path:
            self._parts[seen.path] = (handler.headers["Content-Type"], self._rewritten or body)
            return Answer(201)
        digest = seen.query["digest"][0]
        if self._no_uploads:
            return self._no_uploads
        if sha256(body) != digest:
            return _error(400, "DIGEST_INVALID", "other bytes")
        repository = self.asked("/blobs/uploads/")[-1].path.removesuffix("/blobs/uploads/")
        self._parts[f"{repository}/blobs/{digest}"] = ("application/octet-stream", body)
        return Answer(201)

    def _note(self, server: str, handler: BaseHTTPRequestHandler) -> Seen:
        address, headers = urlsplit(handler.path), handler.headers
        query = parse_qs(address.query)
        seen = Seen(server, handler.command, address.path, query, headers.get("Authorization"), headers.get("Range"))
        self.requests.append(seen)
        return seen


def _decoded(authorization: str | None) -> str | None:
    return base64.b64decode(authorization.removeprefix("Basic ")).decode() if authorization else None


def _error(status: int, code: str, message: str) -> Answer:
    return Answer(status, {}, json.dumps({"errors": [{"code": code, "message": message}]}).encode())


@contextlib.contextmanager
def registry_double() -> Iterator[RegistryDouble]:
    """A registry and its storage on two free loopback ports, for as long as the block runs."""
    double = RegistryDouble()
    with serving(_sent(double.answer)) as host, serving(_sent(double.answer_storage)) as storage:
        double.host, double.storage = host, storage
        yield double


def _sent(answer: Callable[[BaseHTTPRequestHandler], Answer]) -> Callable[[BaseHTTPRequestHandler], None]:
    def send(handler: BaseHTTPRequestHandler) -> None:
        found = answer(handler)
        handler.send_response(found.status)
        for name, value in {**found.headers, "Content-Length": str(len(found.body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(found.body if found.cut is None else found.body[: found.cut])
        handler.close_connection = found.cut is not None

    return send
