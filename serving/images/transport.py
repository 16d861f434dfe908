"""The way to one registry: whom it is shown to, how long it is waited for, and where TLS may be missing.

Plain HTTP is spoken to this machine's own loopback only. Proxies and SSL_CERT_FILE of the environment apply elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmctl.serving.errors import RegistryError, RegistryUnreachable
from llmctl.serving.images.answers import may_come_later, refusal, seconds_to_wait
from llmctl.serving.images.authorization import Authorization
from llmctl.serving.images.credentials import find_credentials
from llmctl.serving.images.reference import DOCKER_HUB, is_loopback

if TYPE_CHECKING:
    import httpx

DOCKER_HUB_API = "registry-1.docker.io"

SECONDS = 60.0
"""Without a byte in either direction, after which a request is given up."""
COMMIT_SECONDS = 600.0
"""For the answer to an upload: some registries hash or move the whole layer before they give it."""

THROTTLED_TRIES = 4
LONGEST_WAIT = 60.0
"""Seconds. A registry that asks for more is not waited for; the user is told."""


@dataclass(frozen=True, kw_only=True)
class Question:
    method: str
    place: str
    """A path of the registry, or an address that it gave."""

    scope: str
    """What a token for it has to allow."""

    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Iterator[bytes] | None = None

    @property
    def once(self) -> bool:
        """Pieces that pass by can be sent once: what comes back for them is the answer, whatever it is."""
        return isinstance(self.content, Iterator)


class Transport:
    """`pause` waits for the seconds it is given."""

    def __init__(self, host: str, environ: Mapping[str, str], pause: Callable[[float], None]) -> None:
        import httpx

        self.host, self._pause = host, pause
        local = is_loopback(host)
        self._base = f"{'http' if local else 'https'}://{DOCKER_HUB_API if host == DOCKER_HUB else host}"
        self._authorization = Authorization(host, lambda: find_credentials(host, environ))
        # The hook sees every request that leaves: redirects, and those for tokens, too.
        hooks = {"request": [self._insist_on_tls]}
        self._client = httpx.Client(timeout=SECONDS, follow_redirects=True, trust_env=not local, event_hooks=hooks)

    def close(self) -> None:
        self._client.close()

    @contextmanager
    def answer(self, question: Question) -> Iterator[httpx.Response]:
        """The answer, once the registry has seen who asks and is not too busy; its body is not read yet.

        Raises RegistryUnreachable, also while the body is read, and RegistryError.
        """
        import httpx

        try:
            response = self._final(question)
            try:
                yield response
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RegistryUnreachable(
                f"{self.host} does not answer as a registry does ({str(error) or type(error).__name__}). Check the "
                "name and the network; HTTPS_PROXY names a proxy, SSL_CERT_FILE an authority of your own."
            ) from error

    def expect(self, response: httpx.Response, status: int, what: str) -> None:
        """Raises RegistryError with the registry's own reason for any other status."""
        if response.status_code != status:
            where = self._authorization.found.where if response.status_code in (401, 403) else ""
            raise RegistryError(self._authorization.without_secrets(refusal(response, self.host, what, where)))

    def _final(self, question: Question) -> httpx.Response:
        waits, challenged = 0, False
        while True:
            response = self._sent(question)
            if response.status_code == 401 and not challenged and self._learns(response, question):
                challenged = True
            elif (wait := self._wait(response, waits, question)) is not None:
                waits += 1
                self._pause(wait)
            else:
                return response

    def _sent(self, question: Question) -> httpx.Response:
        import httpx

        address = httpx.URL(self._base).join(question.place)
        # Only the registry itself is shown who asks, not every address that it gives.
        known = self._authorization.header(question.scope) if str(address).startswith(f"{self._base}/") else {}
        request = self._client.build_request(
            question.method,
            address,
            headers={**question.headers, **known},
            content=question.content,
            timeout=httpx.Timeout(SECONDS, read=COMMIT_SECONDS if question.once else SECONDS),
        )
        return self._client.send(request, stream=True)

    def _learns(self, response: httpx.Response, question: Question) -> bool:
        """Whether a refusal taught what to send, so that asking again makes sense."""
        challenge = response.headers.get("WWW-Authenticate", "")
        if question.once or not challenge:
            return False
        if not self._authorization.answer(challenge, question.scope, self._client):
            return False
        response.close()
        return True

    def _wait(self, response: httpx.Response, waits: int, question: Question) -> float | None:
        """Seconds until it makes sense to ask again; None: it does not."""
        if question.once or waits == THROTTLED_TRIES - 1 or not may_come_later(response):
            return None
        wait = seconds_to_wait(response, waits)
        if wait > LONGEST_WAIT:
            return None
        response.close()
        return wait

    def _insist_on_tls(self, request: httpx.Request) -> None:
        if request.url.scheme != "https" and not is_loopback(request.url.host):
            raise RegistryError(
                f"{self.host} sends one to {request.url.scheme}://{request.url.host}, without TLS. Nothing was sent "
                "there. Ask those who run the registry: behind a proxy it must be told its own https address."
            )
