"""Files in an object store."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from llmctl.serving.weights.bucket import open_bucket, told
from llmctl.serving.weights.relay.errors import UpstreamBroke, UpstreamRefused
from llmctl.serving.weights.spec import WeightFile, Weights

PIECE = 1024 * 1024
"""Bytes that come over from Rust at once, at the least."""


class BucketSource:
    def __init__(self, weights: Weights, variables: Mapping[str, str]) -> None:
        self._url, self._store = weights.url, open_bucket(weights.url, variables)

    async def close(self) -> None:
        """obstore closes its connections itself."""

    async def pieces(self, file: WeightFile, start: int, end: int) -> AsyncGenerator[bytes, None]:
        import obstore

        with told(self._url, UpstreamRefused, UpstreamBroke):
            answer = await obstore.get_async(self._store, file.path, options={"range": (start, end)})
            if answer.range != (start, end):
                raise UpstreamRefused(f"{self._url} has another {file.path} than was listed. Run llmctl up again.")
            async for piece in answer.stream(min_chunk_size=PIECE):
                yield bytes(piece)
