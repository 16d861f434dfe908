"""All files of a model at once: threads that fetch parts, threads that hash what has arrived, one that says how far."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from llmctl.serving.weights.fetch.errors import Damaged, FetchError, Interrupted
from llmctl.serving.weights.fetch.partial import Partial
from llmctl.serving.weights.fetch.sources import Source
from llmctl.serving.weights.fetch.verifying import verify
from llmctl.serving.weights.progress import Running

CONNECTIONS = 16
"""At the same time. S3 gives 85 to 90 MB/s to one request (Performance design patterns for Amazon S3), so that 16 of
them fill a 10 Gbit/s interface."""

VERIFIERS = 2
"""Threads that hash: one file is flushed to the disk while the next is hashed."""

LONGEST_PAUSE = 10.0
"""Seconds between two tries, reached by doubling from half a second."""

SAY_EVERY = 5.0
"""Seconds between progress lines."""


@dataclass(frozen=True, kw_only=True)
class Manner:
    connections: int = CONNECTIONS
    patience: float = 300.0
    """Seconds without a byte on a connection, tries and pauses included, after which the fetcher gives up; the kubelet
    starts it again. Longer than a relay takes to be replaced."""


class Round:
    """One pass over files that are not whole. `again` holds those that an earlier process had left wrong."""

    def __init__(self, partials: Sequence[Partial], open_source: Callable[[], Source], manner: Manner) -> None:
        self._partials, self._open_source, self._manner = partials, open_source, manner
        self._parts = deque((partial, *part) for partial in partials for part in partial.missing())
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self.fetched = 0
        self.again: list[Partial] = []

    def run(self, say: Callable[[str], None]) -> None:
        """Raises the first FetchError of any thread; what has arrived stays for the next try."""
        done, total = sum(p.done for p in self._partials), sum(p.file.size for p in self._partials)
        finished = threading.Event()
        reporter = threading.Thread(target=self._report, args=(say, done, total, finished), daemon=True)
        reporter.start()
        try:
            with ThreadPoolExecutor(self._manner.connections + VERIFIERS) as pool:
                workers = [pool.submit(self._guarded, self._work) for _ in range(self._manner.connections)]
                queue = deque(self._partials)
                verifiers = [pool.submit(self._guarded, self._verify_all, queue) for _ in range(VERIFIERS)]
                for future in (*workers, *verifiers):
                    future.result()
        finally:
            finished.set()
            reporter.join()
        if self._failure:
            raise self._failure

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        """One thread's failure is everybody's: the others stop at the next piece."""
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001 (raised again by `run`)
            with self._lock:
                self._failure = self._failure or error
            self._stop.set()
            for partial in self._partials:
                with partial.arrived:
                    partial.arrived.notify_all()

    def _work(self) -> None:
        source = self._open_source()
        try:
            while not self._stop.is_set():
                try:
                    partial, start, end = self._parts.popleft()
                except IndexError:
                    return
                self._fetch(source, partial, start, end)
        finally:
            source.close()

    def _fetch(self, source: Source, partial: Partial, start: int, end: int) -> None:
        at, fruitless, last_byte = start, 0, time.monotonic()
        while at < end and not self._stop.is_set():
            try:
                for piece in source.pieces(partial.file, at, end):
                    partial.write(at, piece)
                    at += len(piece)
                    fruitless, last_byte = 0, time.monotonic()
                    self._count(len(piece))
                    if self._stop.is_set():
                        return
            except Interrupted:
                if time.monotonic() - last_byte > self._manner.patience:
                    raise
                self._stop.wait(min(LONGEST_PAUSE, 0.5 * 2**fruitless))
                fruitless += 1
        if at == end:
            partial.mark(start)

    def _verify_all(self, queue: deque[Partial]) -> None:
        while not self._stop.is_set():
            try:
                partial = queue.popleft()
            except IndexError:
                return
            self._verify(partial)

    def _verify(self, partial: Partial) -> None:
        try:
            if verify(partial, self._stop.is_set):
                partial.finish()
        except Damaged:
            if not partial.resumed:
                partial.discard()
                raise
            # A node that crashed may have lost what it had not flushed; only then are old parts in doubt.
            partial.start_over()
            self.again.append(partial)

    def _count(self, size: int) -> None:
        with self._lock:
            self.fetched += size

    def _report(self, say: Callable[[str], None], done: int, total: int, finished: threading.Event) -> None:
        before, then = 0, time.monotonic()
        while not finished.wait(SAY_EVERY):
            fetched, now = self.fetched, time.monotonic()
            say(str(Running(done=done + fetched, total=total, rate=(fetched - before) / (now - then))))
            before, then = fetched, now


__all__ = ["FetchError", "Manner", "Round"]
