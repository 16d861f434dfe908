"""A port of this machine's loopback that leads to a gateway in the cluster, through the API server.

Each connection has a stream of its own to a gateway that is ready at that moment; when a gateway is replaced, running
answers go on to their end there, and new connections go to another one.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from llmctl.infra.errors import ClusterError, SettingsError
from llmctl.infra.kubernetes.account import Account, of_namespace
from llmctl.infra.kubernetes.objects import is_going, is_ready, name
from llmctl.infra.kubernetes.pod_stream import PodStream, open_pod_stream
from llmctl.serving.manifests.labels import COMPONENT, Component
from llmctl.serving.manifests.spec import Manifest

PIECE = 65_536
"""Bytes that are handed on at a time."""

Opener = Callable[[], PodStream]


@dataclass(frozen=True)
class Gateways:
    """The gateways of one stack."""

    account: Account
    namespace: str

    def ready(self) -> list[str]:
        """Names of the pods that take new requests now."""
        return [name(pod) for pod in self._pods() if is_ready(pod)]

    def running(self) -> list[str]:
        """Of all whose containers run, those on their way in or out too."""
        return [name(pod) for pod in self._pods() if pod.get("status", {}).get("phase") == "Running"]

    def leaving(self) -> frozenset[str]:
        """Of those that are on their way out: they let running answers end, and then are gone."""
        return frozenset(name(pod) for pod in self._pods() if is_going(pod))

    def _pods(self) -> tuple[Manifest, ...]:
        selector = f"{COMPONENT}={Component.GATEWAY}"
        return self.account.list(of_namespace(self.namespace, "pods"), labelSelector=selector)

    def opener(self, port: int) -> Opener:
        """Opens streams to the port, to each ready gateway in turn."""
        turn = itertools.count()

        def open_one() -> PodStream:
            pods = self.ready()
            if not pods:
                raise ClusterError(f"No gateway in {self.namespace} is ready. See: llmctl why")
            first = next(turn)
            return _first_that_opens(self, [pods[(first + i) % len(pods)] for i in range(len(pods))], port)

        return open_one


@contextmanager
def tunnel(open_stream: Opener, port: int = 0) -> Iterator[int]:
    """Listen on 127.0.0.1 until the block ends; gives the port, a free one for 0. Raises SettingsError if it is taken.

    A connection for which no stream can be opened is closed at once.
    """
    with _listening(port) as listener:
        open_ends: set[socket.socket] = set()
        thread = threading.Thread(target=_accept, args=(listener, open_stream, open_ends), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for local in list(open_ends):
                _shut(local)


def _first_that_opens(gateways: Gateways, pods: Sequence[str], port: int) -> PodStream:
    """A gateway may go between being listed and being asked."""
    for pod in pods[:-1]:
        with contextlib.suppress(ClusterError):
            return open_pod_stream(gateways.account, gateways.namespace, pod, port)
    return open_pod_stream(gateways.account, gateways.namespace, pods[-1], port)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingsError(
                f"127.0.0.1:{port} cannot be listened on ({error.strerror}). Name another with --port, or leave it out."
            ) from error
        listener.listen(128)
        yield listener


def _accept(listener: socket.socket, open_stream: Opener, open_ends: set[socket.socket]) -> None:
    while True:
        try:
            local, _ = listener.accept()
        except OSError:
            return  # the block has ended
        open_ends.add(local)
        threading.Thread(target=_serve, args=(local, open_stream, open_ends), daemon=True).start()


def _serve(local: socket.socket, open_stream: Opener, open_ends: set[socket.socket]) -> None:
    try:
        stream = open_stream()
    except ClusterError:
        _reset(local)
    else:
        local.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        there = threading.Thread(target=_to_pod, args=(local, stream), daemon=True)
        there.start()
        _from_pod(stream, local)
        there.join()
        stream.close()
    finally:
        open_ends.discard(local)
        local.close()


def _to_pod(local: socket.socket, stream: PodStream) -> None:
    """Until the client closes; there is no half of a stream that could be closed alone, so all of it goes then."""
    from websocket import WebSocketException

    with contextlib.suppress(OSError, WebSocketException):
        while piece := local.recv(PIECE):
            stream.send(piece)
    stream.end()


def _from_pod(stream: PodStream, local: socket.socket) -> None:
    with contextlib.suppress(OSError, ClusterError):
        for piece in stream.pieces():
            local.sendall(piece)
    _shut(local)


def _shut(local: socket.socket) -> None:
    with contextlib.suppress(OSError):
        local.shutdown(socket.SHUT_RDWR)


def _reset(local: socket.socket) -> None:
    """Close so that the client sees a broken connection, and not an empty answer."""
    with contextlib.suppress(OSError):
        local.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
