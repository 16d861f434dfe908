"""Files behind HTTP: the Hub and its mirrors. (oci_source.py asks the same questions with a registry's tokens.)"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from llmctl.serving.weights.relay.errors import UpstreamBroke, UpstreamRefused
from llmctl.serving.weights.relay.http import Endpoint, header
from llmctl.serving.weights.spec import WeightFile, Weights

if TYPE_CHECKING:
    import httpcore

LONGEST_WAIT = 60
"""Seconds that a source which asks to wait is waited for; the Hub counts requests in windows of 300 s."""

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/")
AGENT = "llmctl"


class HubSource:
    """`ENDPOINT/OWNER/NAME/resolve/COMMIT/PATH`, which redirects to storage by an address that is signed for a while.

    That address is kept for the file's other ranges until it is refused: asking the Hub for each would count against
    its limit (3,000 per 300 s and address without a token, https://huggingface.co/docs/hub/rate-limits, 2026-09-20).
    """

    def __init__(self, weights: Weights, variables: Mapping[str, str]) -> None:
        self._endpoint = Endpoint(weights.url)
        self._base = f"{self._endpoint.url}/{weights.repository}/resolve/{weights.revision}"
        self._secret = weights.credentials
        self._token = variables.get("HF_TOKEN", "").strip()
        self._signed: dict[str, str] = {}

    async def close(self) -> None:
        await self._endpoint.close()

    async def pieces(self, file: WeightFile, start: int, end: int) -> AsyncGenerator[bytes, None]:
        own = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        resolve = f"{self._base}/{quote(file.path)}"
        url = self._signed.get(file.path, resolve)
        async with self._endpoint.get(url, range_headers(start, end), own) as (answer, address):
            if url != resolve and answer.status not in (200, 206):
                self._signed.pop(file.path, None)
                raise UpstreamBroke(f"{self._endpoint.host} no longer takes an address that it gave.")
            self._check(answer, file)
            if address != resolve:
                self._signed[file.path] = address
            async for piece in within(answer, start, end):
                yield piece

    def _check(self, answer: httpcore.Response, file: WeightFile) -> None:
        what, host = f"{file.path} (HTTP {answer.status})", self._endpoint.host
        if answer.status in (401, 403):
            held = f"the token in HF_TOKEN of Secret {self._secret}" if self._token else "no token"
            raise UpstreamRefused(f"{host} refuses {what}; the relay has {held}. It needs one that may read the model.")
        if answer.status in (404, 410):
            raise UpstreamRefused(f"{host} no longer has {what}. Run llmctl up, which lists the files again.")
        check_status(answer, what, host)


def range_headers(start: int, end: int) -> Mapping[str, str]:
    return {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity", "User-Agent": AGENT}


def check_status(answer: httpcore.Response, what: str, host: str) -> None:
    """Raises UpstreamBroke for what may be better later, UpstreamRefused for the rest that is not 200 or 206."""
    if answer.status in (200, 206):
        return
    if answer.status == 429 or answer.status >= 500:
        raise UpstreamBroke(f"{host} does not give {what} now.", wait=_asked_for(answer))
    raise UpstreamRefused(f"{host} does not give {what}.")


async def within(answer: httpcore.Response, start: int, end: int) -> AsyncGenerator[bytes, None]:
    """The bytes that were asked for, also of a server that knows no ranges and sends the whole file."""
    skip = start if answer.status == 200 else 0
    if answer.status == 206:
        found = _CONTENT_RANGE.match(header(answer, "content-range") or "")
        if not found or int(found[1]) != start:
            raise UpstreamRefused("The source answers with another range than it was asked for.")
    left = end - start
    async for piece in answer.aiter_stream():
        wanted = piece[skip:] if skip else piece
        skip = max(0, skip - len(piece))
        if len(wanted) >= left:
            yield wanted[:left]
            return
        if wanted:
            left -= len(wanted)
            yield wanted


def _asked_for(answer: httpcore.Response) -> float:
    asked = (header(answer, "retry-after") or "").strip()
    return float(min(int(asked), LONGEST_WAIT)) if asked.isdigit() else 0.0
