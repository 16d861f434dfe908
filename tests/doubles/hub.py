"""A local server that answers as the Hugging Face Hub does, with its storage on a second port.

It checks: which paths are asked for, the Range of every download, and which requests carry a token. It answers with the
Hub's routes (/api/models/ID/revision/REV with blobs, /ID/resolve/COMMIT/FILE), its redirect to another origin, ETag,
X-Linked-Size, X-Linked-ETag, X-Repo-Commit, X-Error-Code and X-Error-Message, and cuts, stalls, throttles or lies when
told to.
It does not check: TLS, xet, datasets, how a URL is signed, or of a token more than that it is the one it knows.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

from drivers.loopback import serving

CHUNK = 1 << 16
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(frozen=True)
class Seen:
    """One request, as it arrived."""

    server: str
    """`hub` or `storage`."""
    method: str
    path: str
    range: str | None
    authorization: str | None


@dataclass
class HubDouble:
    endpoint: str = ""
    storage: str = ""
    requests: list[Seen] = field(default_factory=list)
    _files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    _gated: set[str] = field(default_factory=set)
    _accepted: set[str] = field(default_factory=set)
    _cards: dict[str, dict[str, str]] = field(default_factory=dict)
    _token: str | None = None
    _throttled: int = 0
    _retry_after: int = 0
    _cuts: list[int] = field(default_factory=list)
    _served: dict[str, bytes] = field(default_factory=dict)
    _knows_ranges: bool = True
    _elsewhere: str | None = None
    _whole_downloads: int | None = None
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _goes_on: threading.Event = field(default_factory=threading.Event)
    _signature: str = ""
    _taken: int = 0

    def has(self, repository: str, files: Mapping[str, bytes]) -> None:
        self._files[repository] = dict(files)

    def knows_the_token(self, token: str) -> None:
        """Requests with any other token are answered 401, as the Hub does."""
        self._token = token

    def requires_licence(self, repository: str) -> None:
        """Gated: nobody has accepted the licence, whatever the token."""
        self._gated.add(repository)

    def has_accepted_the_licence(self, repository: str) -> None:
        """Gated, and open to the token that the double knows."""
        self._gated.add(repository)
        self._accepted.add(repository)

    def has_the_card(self, repository: str, **card: str) -> None:
        """What the head of its README.md says: license, license_name…"""
        self._cards[repository] = card

    def answers_429(self, *, retry_after: int, times: int) -> None:
        self._throttled, self._retry_after = times, retry_after

    def cuts_the_connection_after(self, *byte_counts: int) -> None:
        """The first download ends after that many bytes of its body, the second after the next number, and so on."""
        self._cuts = list(byte_counts)

    def serves_other_bytes(self, content: bytes, *, instead_of: bytes) -> None:
        self._served[hashlib.sha256(instead_of).hexdigest()] = content

    def knows_no_ranges(self) -> None:
        self._knows_ranges = False

    def stands_still_after(self, downloads: int) -> None:
        """Downloads after that many get their head, and no byte until `goes_on`."""
        self._whole_downloads = downloads
        self._goes_on.clear()

    def goes_on(self) -> None:
        self._whole_downloads = None
        self._goes_on.set()

    def sends_downloads_to(self, address: str) -> None:
        """Redirects lead there instead of to the storage."""
        self._elsewhere = address

    def signs_addresses_with(self, signature: str) -> None:
        """Addresses at the storage carry this, and get 403 without it: a new one makes the old ones void."""
        self._signature = signature

    def ranges_asked_for(self) -> list[str | None]:
        return [seen.range for seen in self.requests if seen.server == "storage"]

    def bytes_taken(self) -> int:
        """Of all downloads together, before their clients hung up."""
        return self._taken

    def answer_hub(self, handler: BaseHTTPRequestHandler) -> None:
        self._note("hub", handler)
        if self._throttled:
            self._throttled -= 1
            return _send(handler, 429, {"Retry-After": str(self._retry_after)})
        token = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token and token != self._token:
            return _send(handler, 401, {"X-Error-Message": "Invalid credentials in Authorization header"})
        path = unquote(urlsplit(handler.path).path)
        if path.startswith("/api/models/"):
            return self._answer_api(handler, path.removeprefix("/api/models/"), has_token=bool(token))
        return self._answer_resolve(handler, path.lstrip("/"), has_token=bool(token))

    def _answer_api(self, handler: BaseHTTPRequestHandler, path: str, *, has_token: bool) -> None:
        repository, _, revision = path.partition("/revision/")
        if repository not in self._files:
            return _send(handler, 404 if has_token else 401, {"X-Error-Code": "RepoNotFound"})
        if revision not in ("main", "v1.0", COMMIT):
            return _send(handler, 404, {"X-Error-Code": "RevisionNotFound"})
        siblings = [_sibling(name, content) for name, content in self._files[repository].items()]
        gated = "manual" if repository in self._gated else False
        card = self._cards.get(repository)
        body = {"id": repository, "sha": COMMIT, "gated": gated, "siblings": siblings, "cardData": card}
        return _send(handler, 200, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def _answer_resolve(self, handler: BaseHTTPRequestHandler, path: str, *, has_token: bool) -> None:
        repository, _, rest = path.partition("/resolve/")
        name = rest.partition("/")[2]
        if repository in self._gated and not (has_token and repository in self._accepted):
            return _send(handler, 403 if has_token else 401, {"X-Error-Code": "GatedRepo"})
        if name not in self._files.get(repository, {}):
            return _send(handler, 404, {"X-Error-Code": "EntryNotFound"})
        content = self._files[repository][name]
        sha256 = hashlib.sha256(content).hexdigest()
        linked = {"X-Linked-ETag": f'"{sha256}"', "X-Linked-Size": str(len(content)), "X-Repo-Commit": COMMIT}
        signed = f"?X-Amz-Signature={self._signature}" if self._signature else ""
        location = self._elsewhere or f"{self.storage}/{sha256}{signed}"
        return _send(handler, 302, {**linked, "ETag": f'"{sha256}"', "Location": location})

    def answer_storage(self, handler: BaseHTTPRequestHandler) -> None:
        self._note("storage", handler)
        address = urlsplit(handler.path)
        sha256 = address.path.strip("/")
        if self._signature and self._signature not in address.query:
            return _send(handler, 403, {})
        known = {hashlib.sha256(c).hexdigest(): c for files in self._files.values() for c in files.values()}
        content = self._served.get(sha256, known[sha256])
        asked = handler.headers.get("Range") if self._knows_ranges else None
        first, _, last = (asked or "").removeprefix("bytes=").partition("-")
        start, end = int(first or 0), min(int(last or len(content)), len(content) - 1) + 1
        handler.send_response(206 if asked else 200)
        handler.send_header("Content-Length", str(end - start))
        if asked:
            handler.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        handler.end_headers()
        cut = self._cuts.pop(0) if self._cuts else None
        if self._stands_still():
            self._goes_on.wait()
        with contextlib.suppress(ConnectionError):  # a client that has seen enough hangs up
            self._write(handler, content[start:end] if cut is None else content[start : min(end, start + cut)])
        handler.close_connection = True
        return None

    def _stands_still(self) -> bool:
        with self._counting:
            if self._whole_downloads is None:
                return False
            self._whole_downloads -= 1
            return self._whole_downloads < 0

    def _write(self, handler: BaseHTTPRequestHandler, content: bytes) -> None:
        for start in range(0, len(content), CHUNK):
            handler.wfile.write(content[start : start + CHUNK])
            self._taken += len(content[start : start + CHUNK])

    def _note(self, server: str, handler: BaseHTTPRequestHandler) -> None:
        headers = handler.headers
        seen = Seen(server, handler.command, handler.path, headers.get("Range"), headers.get("Authorization"))
        self.requests.append(seen)


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    if not name.endswith((".gguf", ".safetensors", ".bin")):
        return {
            "rfilename": name,
            "size": len(content),
            "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest(),
        }
    lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 135}
    return {"rfilename": name, "size": len(content), "lfs": lfs}


def _send(handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


@contextlib.contextmanager
def hub_double(address: str = "127.0.0.1") -> Iterator[HubDouble]:
    """A Hub and its storage on two free ports of this machine's address, for as long as the block runs."""
    double = HubDouble()
    with serving(double.answer_hub, address) as hub, serving(double.answer_storage, address) as storage:
        double.endpoint, double.storage = f"http://{hub}", f"http://{storage}"
        try:
            yield double
        finally:
            double.goes_on()
