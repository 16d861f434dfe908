"""One container registry and what is asked of it, by the OCI distribution specification 1.1."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Self

from llmctl.serving.errors import RegistryError, RegistryUnreachable
from llmctl.serving.images.authorization import scope_of
from llmctl.serving.images.blob import verified
from llmctl.serving.images.manifest import (
    INDEX_TYPES,
    MANIFEST_TYPES,
    Descriptor,
    Manifest,
    parse_manifest,
    platform_in,
)
from llmctl.serving.images.reference import DIGEST
from llmctl.serving.images.transport import Question, Transport

if TYPE_CHECKING:
    import httpx

ACCEPT = {"Accept": ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))}

MANIFEST_LIMIT = 4 * 1024 * 1024
"""Bytes. The distribution project's registry takes no longer manifest (v3.1.2, registry/handlers/manifests.go)."""

FRUITLESS_TRIES = 3
"""Tries in a row that brought no new byte of a layer, after which it is given up."""


class Registry:
    """The registry at `host`. Credentials come from `environ`'s Docker configuration, `pause` waits for seconds."""

    def __init__(self, host: str, environ: Mapping[str, str], *, pause: Callable[[float], None] = time.sleep) -> None:
        self.host, self._pause = host, pause
        self._transport = Transport(host, environ, pause)

    def close(self) -> None:
        self._transport.close()

    def manifest(self, repository: str, version: str) -> Manifest:
        """The index or manifest under a tag or digest, its bytes held to every digest it came under.

        Raises RegistryError: not there, denied, throttled, or other bytes than announced.
        """
        where = f"{self.host}/{repository}{'@' if DIGEST.fullmatch(version) else ':'}{version}"
        with self._transport.answer(_about_manifest("GET", repository, version)) as answer:
            self._transport.expect(answer, 200, f"a request for {where}")
            body = b"".join(_up_to(MANIFEST_LIMIT, answer, where))
            manifest = parse_manifest(body, answer.headers.get("Content-Type", "").partition(";")[0], where=where)
            announced = answer.headers.get("Docker-Content-Digest")
        for digest in (announced, version):
            if digest and DIGEST.fullmatch(digest) and digest != manifest.digest:
                raise RegistryError(
                    f"{where}: {self.host} sent bytes with {manifest.digest}, not {digest}. Nothing was recorded. "
                    "Try again; if it stays so, do not use that registry, or what stands between."
                )
        return manifest

    def digest(self, repository: str, version: str, *, push: bool = False) -> str | None:
        """The digest that the registry has for a tag, or None if it has no such tag or does not say.

        `push`: with the token of somebody who is going to write there, which need not exist yet.
        """
        with self._transport.answer(_about_manifest("HEAD", repository, version, push=push)) as answer:
            if answer.status_code == 404:
                return None
            self._transport.expect(answer, 200, f"a question for {self.host}/{repository}:{version}")
            digest: str | None = answer.headers.get("Docker-Content-Digest")
            return digest

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether a layer is there. Asks with the right to write: it is asked before sending one."""
        place, scope = f"/v2/{repository}/blobs/{digest}", scope_of(repository, push=True)
        with self._transport.answer(Question(method="HEAD", place=place, scope=scope)) as answer:
            if answer.status_code != 404:
                self._transport.expect(answer, 200, f"a question for a layer of {self.host}/{repository}")
            return answer.status_code == 200

    def blob(self, repository: str, blob: Descriptor) -> Iterator[bytes]:
        """A layer's bytes, in pieces. A connection that is cut is taken up where it broke.

        The last piece comes only when size and SHA-256 are right; RegistryError in its place otherwise.
        """
        return verified(self._pieces(repository, blob), blob, f"{self.host}/{repository}")

    def platform(self, repository: str, manifest: Manifest) -> str | None:
        """The platform in the configuration of a single manifest; None: it says none."""
        config = manifest.blobs[0]
        if config.size > MANIFEST_LIMIT:
            return None
        return platform_in(b"".join(self.blob(repository, config)))

    def push_blob(self, repository: str, blob: Descriptor, pieces: Iterator[bytes]) -> None:
        """Send a layer in one request, as its pieces come. Raises RegistryError, and what `pieces` raises.

        One PUT with the whole length and not several with parts of it: Google's Artifact Registry takes no parts (its
        documentation, as dotnet/sdk-container-builds pull request 287 quotes it, 2023-01-10).
        """
        scope, what = scope_of(repository, push=True), f"an upload to {self.host}/{repository}"
        begin = Question(method="POST", place=f"/v2/{repository}/blobs/uploads/", scope=scope)
        with self._transport.answer(begin) as answer:
            self._transport.expect(answer, 202, what)
            place = str(answer.url.join(answer.headers.get("Location", "")))
        headers = {"Content-Length": str(blob.size), "Content-Type": "application/octet-stream"}
        place += f"{'&' if '?' in place else '?'}digest={blob.digest}"
        with self._transport.answer(
            Question(method="PUT", place=place, scope=scope, headers=headers, content=pieces)
        ) as answer:
            self._transport.expect(answer, 201, what)

    def push_manifest(self, repository: str, version: str, manifest: Manifest) -> None:
        """Put an index or manifest under a tag or its digest. What it names has to be there already."""
        place, headers = f"/v2/{repository}/manifests/{version}", {"Content-Type": manifest.media_type}
        scope = scope_of(repository, push=True)
        with self._transport.answer(
            Question(method="PUT", place=place, scope=scope, headers=headers, content=manifest.body)
        ) as answer:
            self._transport.expect(answer, 201, f"the manifest of {self.host}/{repository}")

    def _pieces(self, repository: str, blob: Descriptor) -> Iterator[bytes]:
        done = fruitless = 0
        while done < blob.size:
            before = done
            try:
                for piece in self._from(done, repository, blob):
                    done += len(piece)
                    yield piece
                return
            except RegistryUnreachable:
                fruitless = 0 if done > before else fruitless + 1
                if fruitless == FRUITLESS_TRIES:
                    raise
                self._pause(float(fruitless))

    def _from(self, start: int, repository: str, blob: Descriptor) -> Iterator[bytes]:
        question = Question(
            method="GET",
            place=f"/v2/{repository}/blobs/{blob.digest}",
            scope=scope_of(repository, push=False),
            headers={"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {}),
        )
        with self._transport.answer(question) as answer:
            if answer.status_code != 206:
                self._transport.expect(answer, 200, f"a request for a layer of {self.host}/{repository}")
            skip = start if answer.status_code == 200 else 0  # a registry that knows no ranges starts over
            for piece in answer.iter_raw():
                if len(piece) > skip:
                    yield piece[skip:]
                skip = max(0, skip - len(piece))


class Registries:
    """One client for each host, made when it is first asked for; all are closed at the end of the block."""

    def __init__(self, environ: Mapping[str, str], *, pause: Callable[[float], None] = time.sleep) -> None:
        self._environ, self._pause = environ, pause
        self._open: dict[str, Registry] = {}

    def __call__(self, host: str) -> Registry:
        if host not in self._open:
            self._open[host] = Registry(host, self._environ, pause=self._pause)
        return self._open[host]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for registry in self._open.values():
            registry.close()


def _about_manifest(method: str, repository: str, version: str, *, push: bool = False) -> Question:
    place, scope = f"/v2/{repository}/manifests/{version}", scope_of(repository, push=push)
    return Question(method=method, place=place, scope=scope, headers=ACCEPT)


def _up_to(limit: int, answer: httpx.Response, where: str) -> Iterator[bytes]:
    done = 0
    for piece in answer.iter_bytes():
        done += len(piece)
        if done > limit:
            raise RegistryError(f"{where} is longer than {limit:,} bytes, so it is no manifest. Check the name.")
        yield piece
