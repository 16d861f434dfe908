"""Parts of a file over HTTP, from a server that may cut them short or know no ranges."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from llmctl.serving.errors import DownloadFailed

if TYPE_CHECKING:
    import httpx2

FRUITLESS_TRIES = 5
"""Tries in a row that brought no new byte, after which it is given up."""
PAUSE_SECONDS = 1.0
"""Between tries; the requests themselves back off further."""


def in_pieces(request: Callable[[], None], done: Callable[[], int], end: int) -> None:
    """Call `request` until `done` says `end`: each call continues where the last one stopped.

    Raises what `request` raises, a TransportError only after FRUITLESS_TRIES; DownloadFailed for empty answers.
    """
    import httpx2

    fruitless = 0
    while (before := done()) < end:
        cut: Exception = DownloadFailed(f"The server ends a file after {before:,} bytes that should have {end:,}.")
        try:
            request()
            pause = done() <= before
        except httpx2.TransportError as error:
            cut, pause = error, True
        fruitless = 0 if done() > before else fruitless + 1
        if fruitless == FRUITLESS_TRIES:
            raise cut
        if pause:
            time.sleep(PAUSE_SECONDS)


@contextmanager
def answered(
    url: str, headers: Mapping[str, str], *, start: int, end: int | None, timeout: float
) -> Iterator[httpx2.Response]:
    """The answer to a request for the bytes from `start` up to but not including `end` (None: the rest).

    Its status is 206, or 200 where the server knows no ranges and sends the file from its first byte.
    Raises the errors of huggingface_hub and httpx2.
    """
    from huggingface_hub.utils import hf_raise_for_status, http_stream_backoff

    asked = {**headers, "Accept-Encoding": "identity"}
    if start or end is not None:
        asked["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
    with http_stream_backoff("GET", url, headers=asked, timeout=timeout, retry_on_exceptions=()) as response:
        hf_raise_for_status(response)
        yield response
