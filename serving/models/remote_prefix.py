"""The first bytes of a large file over HTTP, fetched as far as somebody reads them: the header of a GGUF."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from llmctl.serving.errors import ModelDamaged
from llmctl.serving.models.ranges import answered, in_pieces

FIRST = 2 * 1024**2
"""Bytes fetched at once to begin with; after that as many again as are there. The header of SmolLM2-135M has 1.8 MB."""

LARGEST = 64 * 1024**2
"""Bytes of a header, at most. It is mostly the tokenizer: 36 bytes for each of SmolLM2's 49,152 tokens, which makes
9.5 MB of the 262,208 of Gemma 3, the most in the catalogue."""


@dataclass(kw_only=True)
class RemotePrefix:
    """A `gguf_header.Prefix`."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    name: str
    size: int
    timeout: float
    translated: Callable[[], AbstractContextManager[None]]
    """Turns what the network raises into this project's errors."""

    remedy: str = "Choose another file of the repository (quantization), or another repository."
    _data: bytearray = field(default_factory=bytearray, repr=False)

    def upto(self, end: int) -> bytearray:
        """Raises ModelDamaged for a header beyond LARGEST, and as `translated` does."""
        if end > len(self._data):
            if end > LARGEST:
                raise ModelDamaged(f"{self.name} is damaged: its header goes beyond {LARGEST:,} bytes. {self.remedy}")
            with self.translated():
                target = min(max(end, FIRST, 2 * len(self._data)), self.size, LARGEST)
                in_pieces(lambda: self._request(target), lambda: len(self._data), target)
        return self._data

    def _request(self, end: int) -> None:
        with answered(self.url, self.headers, start=len(self._data), end=end, timeout=self.timeout) as response:
            if response.status_code != 206:
                self._data.clear()  # this server does not know ranges
            for chunk in response.iter_bytes():
                self._data += chunk
                if len(self._data) >= end:
                    return  # and hang up: the whole file may be coming
