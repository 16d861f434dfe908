"""Files of an OCI artifact: the blobs of its layers, by the challenges and tokens of serving/images."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.authorization import Authorization, scope_of
from llmctl.serving.images.credentials import Credentials, Found, find_credentials
from llmctl.serving.images.reference import DOCKER_HUB, is_loopback, parse_reference
from llmctl.serving.images.transport import DOCKER_HUB_API
from llmctl.serving.weights.relay.errors import UpstreamBroke, UpstreamRefused
from llmctl.serving.weights.relay.http import SECONDS, Endpoint, header
from llmctl.serving.weights.relay.http_source import check_status, range_headers, within
from llmctl.serving.weights.relay.network import refuse_inside
from llmctl.serving.weights.spec import WeightFile, Weights

if TYPE_CHECKING:
    import httpcore
    import httpx

USERNAME, PASSWORD = "REGISTRY_USERNAME", "REGISTRY_PASSWORD"


class OciSource:
    """Plain HTTP is spoken to the loopback only, as everywhere with registries."""

    def __init__(self, weights: Weights, variables: Mapping[str, str]) -> None:
        reference = parse_reference(weights.url)
        host = DOCKER_HUB_API if reference.host == DOCKER_HUB else reference.host
        self._endpoint = Endpoint(f"{'http' if is_loopback(host) else 'https'}://{host}")
        self._blobs = f"{self._endpoint.url}/v2/{reference.repository}/blobs/sha256:"
        self._scope = scope_of(reference.repository, push=False)
        self._authorization = Authorization(reference.host, lambda: _credentials(reference.host, variables))
        self._asking = asyncio.Lock()

    async def close(self) -> None:
        await self._endpoint.close()

    async def pieces(self, file: WeightFile, start: int, end: int) -> AsyncGenerator[bytes, None]:
        url, sent = f"{self._blobs}{file.sha256}", self._authorization.header(self._scope)
        for learnt in (False, True):
            async with self._endpoint.get(url, range_headers(start, end), sent) as (answer, _):
                if answer.status == 401 and not learnt:
                    sent = await self._learn(header(answer, "www-authenticate") or "", sent)
                    continue
                self._check(answer, file)
                async for piece in within(answer, start, end):
                    yield piece
                return

    async def _learn(self, challenge: str, refused: Mapping[str, str]) -> Mapping[str, str]:
        """What to send instead. Of several requests that were refused at the same time, the first one asks."""
        async with self._asking:
            if self._authorization.header(self._scope) == refused:
                await asyncio.to_thread(self._ask, challenge)
            return self._authorization.header(self._scope)

    def _ask(self, challenge: str) -> None:
        import httpx

        hooks = {"request": [self._guard]}
        try:
            with httpx.Client(timeout=SECONDS, event_hooks=hooks) as client:
                self._authorization.answer(challenge, self._scope, client)
        except RegistryError as error:
            raise UpstreamRefused(self._authorization.without_secrets(str(error))) from error
        except httpx.HTTPError as error:
            raise UpstreamBroke(f"The token server of {self._endpoint.host} does not answer.") from error

    def _guard(self, request: httpx.Request) -> None:
        """A challenge names whom to show credentials to; that is held to the same rules as a redirect."""
        if request.url.scheme != "https" and not is_loopback(request.url.host):
            raise UpstreamRefused(f"{self._endpoint.host} wants credentials sent to {request.url.host} without TLS.")
        refuse_inside(request.url.host, self._endpoint.host)

    def _check(self, answer: httpcore.Response, file: WeightFile) -> None:
        what, host = f"{file.path} (HTTP {answer.status})", self._endpoint.host
        if answer.status in (401, 403):
            raise UpstreamRefused(f"{host} refuses {what}; credentials: {self._authorization.found.where}.")
        check_status(answer, what, host)


def _credentials(host: str, variables: Mapping[str, str]) -> Found:
    if variables.get(USERNAME) and variables.get(PASSWORD):
        return Found(Credentials(variables[USERNAME], variables[PASSWORD]), f"{USERNAME} and {PASSWORD} of the Secret")
    return find_credentials(host, variables)
