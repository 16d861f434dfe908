"""Where a worker gets bytes from. Each worker has its own, with one connection and one buffer."""

from __future__ import annotations

import http.client
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit

from llmctl.serving.weights.fetch.errors import Interrupted, Refused
from llmctl.serving.weights.spec import WeightFile

BUFFER = 1024 * 1024
"""Bytes read before they are written: a system call each way for a megabyte."""
SECONDS = 90.0
"""Without a byte. The relay itself tries for longer than one request to its source takes (30 s)."""
SAID_LIMIT = 500
"""Bytes of the relay's reason that are repeated."""


class Source(Protocol):
    def pieces(self, file: WeightFile, start: int, end: int) -> Iterator[memoryview]:
        """The bytes in order; each piece is overwritten by the next. Raises Refused, Interrupted."""

    def close(self) -> None: ...


class RelaySource:
    def __init__(self, url: str, model: str) -> None:
        parts = urlsplit(url)
        self._host = parts.netloc
        self._base = f"{parts.path.rstrip('/')}/{model}"
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=SECONDS)
        self._buffer = memoryview(bytearray(BUFFER))

    def close(self) -> None:
        self._connection.close()

    def pieces(self, file: WeightFile, start: int, end: int) -> Iterator[memoryview]:
        try:
            answer = self._asked(file, start, end)
            while start < end:
                wanted = min(BUFFER, end - start)
                count = answer.readinto(self._buffer[:wanted])
                if not count:
                    raise Interrupted(f"The relay {self._host} broke off in the middle of {file.path}.")
                start += count
                yield self._buffer[:count]
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            reason = str(error) or type(error).__name__
            raise Interrupted(f"The relay {self._host} does not answer for {file.path} ({reason}).") from error
        except GeneratorExit:
            self._connection.close()
            raise

    def _asked(self, file: WeightFile, start: int, end: int) -> http.client.HTTPResponse:
        headers = {"Range": f"bytes={start}-{end - 1}"}
        self._connection.request("GET", f"{self._base}/{quote(file.path)}", headers=headers)
        answer = self._connection.getresponse()
        if answer.status == 206 and (answer.getheader("Content-Range") or "").startswith(f"bytes {start}-"):
            return answer
        said = " ".join(answer.read(SAID_LIMIT).decode(errors="replace").split())
        self._connection.close()
        message = f"The relay {self._host} does not give {file.path} (HTTP {answer.status}): {said}"
        # 404: it may still have the configuration of before this model.
        raise (Interrupted if answer.status in (404, 503, 504) else Refused)(message)


class DirectorySource:
    """A volume that is mounted here, read-only. What a link in it leads out to is not read."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve()
        self._buffer = memoryview(bytearray(BUFFER))

    def close(self) -> None:
        """Files are closed as they are read."""

    def pieces(self, file: WeightFile, start: int, end: int) -> Iterator[memoryview]:
        try:
            path = (self._directory / file.path).resolve()
            if not path.is_relative_to(self._directory):
                raise Refused(f"{file.path} on the volume is a link that leads out of it; put the file itself there.")
            with path.open("rb", buffering=0) as opened:
                while start < end:
                    count = os.preadv(opened.fileno(), [self._buffer[: min(BUFFER, end - start)]], start)
                    if not count:
                        raise Refused(f"{file.path} on the volume became shorter while it was read.")
                    start += count
                    yield self._buffer[:count]
        except OSError as error:
            raise Refused(f"{file.path} on the volume cannot be read: {error.strerror}.") from error
