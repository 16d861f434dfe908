"""The logs of all replicas of a stack, merged; each line says whose it is. New pods join, those that go are let go."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from llmctl.infra.errors import ClusterError, DeploymentFailed, SettingsError
from llmctl.infra.kubernetes.access import namespace
from llmctl.infra.kubernetes.account import Account, named, of_namespace
from llmctl.infra.kubernetes.names import model_names
from llmctl.infra.kubernetes.objects import container_statuses, name, state
from llmctl.infra.kubernetes.phases import is_init
from llmctl.infra.kubernetes.pin import own_account
from llmctl.infra.logs import Log, LogQuery
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.manifests.labels import COMPONENT, MODEL, Component
from llmctl.serving.manifests.spec import Manifest

LOOK_SECONDS = 2.0
"""Between two looks for new pods, and before a log that broke off is taken up again."""


@dataclass(frozen=True, order=True)
class Source:
    """One run of one container of a pod."""

    pod: str
    container: str
    init: bool
    restarts: int
    running: bool = field(compare=False)

    @property
    def prefix(self) -> str:
        return f"{self.pod}/{self.container}" if self.init else self.pod


@dataclass(frozen=True, order=True)
class Line:
    time: str
    """RFC 3339 with nanoseconds, as the kubelet writes it: the order of text is the order of time."""

    source: Source
    text: str

    @property
    def shown(self) -> str:
        return f"{self.source.prefix} | {self.text}"


@contextmanager
def logs(settings: StackSettings, context: StackContext, query: LogQuery) -> Iterator[Log]:
    """Raises SettingsError for a model that the stack has not, ClusterError's kinds, DeploymentFailed without pods."""
    account, where = own_account(settings, context, writes=False), namespace(settings, context)
    reader = Reader(account, where, _selector(settings, query), query)
    sources = reader.sources()
    if not sources and not query.follow:
        raise DeploymentFailed(
            f"No container of {context.stack} has written anything yet. See: llmctl why {context.stack}"
        )
    last = reader.last(sources)
    following = Following(reader, {(line.source.pod, line.source.container): line.time for line in last})
    try:
        yield Log(last=[line.shown for line in last], more=following.lines() if query.follow else iter(()))
    finally:
        following.stop()


def _selector(settings: StackSettings, query: LogQuery) -> str:
    if query.gateway:
        return f"{COMPONENT}={Component.GATEWAY}"
    if query.model is None:
        return f"{COMPONENT}={Component.MODEL_SERVER}"
    names = model_names(settings.models)
    if query.model not in names:
        raise SettingsError(f"There is no model {query.model!r} in the stack. Allowed: {', '.join(names)}.")
    return f"{COMPONENT}={Component.MODEL_SERVER},{MODEL}={names[query.model]}"


@dataclass(frozen=True)
class Reader:
    account: Account
    namespace: str
    selector: str
    query: LogQuery

    def sources(self) -> list[Source]:
        """Containers that have written something, or may at any moment."""
        pods = self.account.list(of_namespace(self.namespace, "pods"), labelSelector=self.selector)
        wanted = [pod for pod in pods if self.query.replica in (None, name(pod))]
        if self.query.replica and not wanted:
            there = ", ".join(map(name, pods)) or "none"
            raise SettingsError(f"There is no replica {self.query.replica!r}. There are: {there}.")
        return [source for pod in wanted for source in _of_pod(pod)]

    def last(self, sources: list[Source]) -> list[Line]:
        """The newest lines of all together."""
        if not sources:
            return []
        with ThreadPoolExecutor(min(len(sources), 8)) as pool:
            each = pool.map(self._last_of, sources)
            return sorted(line for lines in each for line in lines)[-self.query.lines :]

    def lines(self, source: Source, since: str | None) -> Iterator[Line]:
        """As they come, those after `since`; ends with the container."""
        asked = {"sinceTime": since} if since else {}
        for text in self.account.lines(
            self._path(source), container=source.container, follow="true", timestamps="true", **asked
        ):
            line = _line(source, text)
            if since is None or line.time > since:  # sinceTime counts whole seconds
                yield line

    def _last_of(self, source: Source) -> list[Line]:
        try:
            text = self.account.text(
                self._path(source), container=source.container, timestamps="true", tailLines=str(self.query.lines)
            )
        except ClusterError:
            return []  # it has gone since the pods were listed
        return [_line(source, each) for each in text.splitlines()]

    def _path(self, source: Source) -> str:
        return named(of_namespace(self.namespace, "pods"), source.pod, "log")


class Following:
    """One thread for each source, and one that looks for new ones; all end with the process, or at `stop`."""

    def __init__(self, reader: Reader, seen: Mapping[tuple[str, str], str]) -> None:
        self._reader, self._seen = reader, dict(seen)
        self._lines: queue.Queue[Line | ClusterError] = queue.Queue()
        self._followed: set[Source] = set()
        self._ended: set[Source] = set()
        self._stopped = threading.Event()

    def lines(self) -> Iterator[str]:
        """Raises ClusterError's kinds once the cluster does not tell any more which pods there are."""
        threading.Thread(target=self._look, daemon=True).start()
        while True:
            line = self._lines.get()
            if isinstance(line, ClusterError):
                raise line
            yield f"{line.shown}\n"

    def stop(self) -> None:
        self._stopped.set()

    def _look(self) -> None:
        while not self._stopped.is_set():
            try:
                new = [source for source in self._reader.sources() if self._is_due(source)]
            except SettingsError:
                new = []  # the one replica that was asked for has gone
            except ClusterError as error:
                self._lines.put(error)
                return
            for source in new:
                self._followed.add(source)
                threading.Thread(target=self._follow, args=(source,), daemon=True).start()
            self._stopped.wait(LOOK_SECONDS)

    def _is_due(self, source: Source) -> bool:
        """A connection may end before the container does; the next look goes on where it ended."""
        return source not in self._followed and (source.running or source not in self._ended)

    def _follow(self, source: Source) -> None:
        seen = (source.pod, source.container)
        try:
            for line in self._reader.lines(source, self._seen.get(seen)):
                self._seen[seen] = line.time
                self._lines.put(line)
            self._ended.add(source)
        except ClusterError:
            pass  # the pod has gone, or its node, or only the connection
        finally:
            self._followed.discard(source)


def _of_pod(pod: Manifest) -> Iterator[Source]:
    for init in (True, False):
        for status in container_statuses(pod, init=init):
            if _has_begun(status):
                running = bool(state(status, "running"))
                yield Source(name(pod), status["name"], is_init(pod, status), status["restartCount"], running)


def _has_begun(status: Mapping[str, Any]) -> bool:
    return bool(state(status, "running") or state(status, "terminated") or status.get("lastState"))


def _line(source: Source, text: str) -> Line:
    time, _, rest = text.partition(" ")
    return Line(time, source, rest)
