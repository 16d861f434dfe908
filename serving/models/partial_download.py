"""One file over HTTP in as many pieces as the network makes of it: every piece continues where the last one stopped."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from llmctl.serving.errors import ModelDamaged
from llmctl.serving.models.integrity import CHUNK, Progress, wrong_content
from llmctl.serving.models.ranges import answered, in_pieces

if TYPE_CHECKING:
    import httpx2


class PartialDownload:
    """The bytes so far lie beside `target` and survive the process; `target` itself appears whole or not at all."""

    def __init__(self, target: Path, *, size: int, sha256: str, progress: Progress) -> None:
        self._target, self._size, self._sha256, self._progress = target, size, sha256, progress
        self._partial = target.with_name(f"{target.name}.partial")
        self.done = self._partial.stat().st_size if self._partial.exists() else 0
        self._digest = hashlib.sha256()

    def run(self, url: str, headers: dict[str, str], timeout: float) -> None:
        """Fetch what is missing, compare, and put it in place.

        Raises ModelDamaged (wrong bytes, which are not kept), DownloadFailed, and the errors of huggingface_hub and
        httpx2.
        """
        self._target.parent.mkdir(parents=True, exist_ok=True)
        if self.done > self._size:
            self._start_over()
        self._take_up_what_is_there()
        in_pieces(lambda: self._request(url, headers, timeout), lambda: self.done, self._size)
        if self._digest.hexdigest() != self._sha256:
            self._partial.unlink()
            raise ModelDamaged(wrong_content(self._target.name, self._sha256, self._digest.hexdigest()))
        self._partial.replace(self._target)

    def _request(self, url: str, headers: dict[str, str], timeout: float) -> None:
        with answered(url, headers, start=self.done, end=None, timeout=timeout) as response:
            self._check_announced(response)
            if self.done and response.status_code != 206:
                self._start_over()  # this server does not know ranges
            self._write(response)

    def _write(self, response: httpx2.Response) -> None:
        with self._partial.open("ab") as out:
            try:
                # No chunk size: httpx2 would hold back an unfilled chunk, and a cut would lose it.
                for chunk in response.iter_bytes():
                    out.write(chunk)
                    self._digest.update(chunk)
                    self.done += len(chunk)
                    self._progress(self.done, self._size)
            finally:
                out.flush()
                os.fsync(out.fileno())

    def _check_announced(self, response: httpx2.Response) -> None:
        """The Hub names the SHA-256 in its redirect: other content is refused before gigabytes of it are fetched."""
        for answer in (*response.history, response):
            announced = answer.headers.get("X-Linked-ETag", "").strip('"')
            if len(announced) == len(self._sha256) and announced != self._sha256:
                raise ModelDamaged(wrong_content(self._target.name, self._sha256, announced))

    def _take_up_what_is_there(self) -> None:
        if not self.done:
            return
        with self._partial.open("rb") as file:
            while chunk := file.read(CHUNK):
                self._digest.update(chunk)
        self._progress(self.done, self._size)

    def _start_over(self) -> None:
        self._partial.unlink(missing_ok=True)
        self.done, self._digest = 0, hashlib.sha256()
