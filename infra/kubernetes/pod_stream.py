"""One TCP connection to a port of a pod, through the API server: the subprotocol v4.channel.k8s.io over a WebSocket.

A frame's first byte is its channel: 0 carries data, 1 an error as text; the first frame of each repeats the port
(k8s.io/kubelet pkg/cri/streaming/portforward/websocket.go). The client's own PortForward drops what has not been
handed on yet when the pod closes, which truncates the last answer of a connection.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from llmctl.infra.errors import ClusterUnreachable
from llmctl.infra.kubernetes.account import Account, named, of_namespace
from llmctl.infra.kubernetes.api_errors import CONNECT_SECONDS, of_answer

if TYPE_CHECKING:
    from websocket import WebSocket

DATA, ERROR = 0, 1


class PodStream:
    """Bytes to and from the port. Safe for one thread that sends and one that receives."""

    def __init__(self, websocket: WebSocket, pod: str) -> None:
        self._websocket, self._pod = websocket, pod

    def send(self, data: bytes) -> None:
        """Raises OSError when the connection has ended."""
        self._websocket.send_binary(bytes([DATA]) + data)

    def pieces(self) -> Iterator[bytes]:
        """What the pod sends until it closes. Raises ClusterUnreachable when nobody listens on the port there."""
        begun: set[int] = set()
        for frame in self._frames():
            channel, data = frame[0], frame[1:]
            if channel not in begun:
                begun.add(channel)
            elif channel == DATA:
                yield data
            elif data:
                raise ClusterUnreachable(f"{self._pod} does not answer on that port: {data.decode(errors='replace')}")

    def end(self) -> None:
        """Say goodbye; whoever receives in another thread is woken and sees the end."""
        with contextlib.suppress(Exception):  # it is gone already, in whichever way
            self._websocket.send_close()
            sock: Any = self._websocket.sock
            sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Once nobody receives any more."""
        self.end()
        self._websocket.shutdown()

    def _frames(self) -> Iterator[bytes]:
        from websocket import ABNF, WebSocketException

        while True:
            try:
                opcode, frame = self._websocket.recv_data_frame(True)
            except (WebSocketException, OSError):
                return
            if opcode == ABNF.OPCODE_CLOSE:
                return
            if opcode == ABNF.OPCODE_BINARY and frame.data:
                yield bytes(frame.data)


def open_pod_stream(account: Account, namespace: str, pod: str, port: int) -> PodStream:
    """Raises ClusterError's kinds when the API server does not let it through, or the pod is not there."""
    from kubernetes.stream.ws_client import create_websocket, get_websocket_url
    from websocket import WebSocketBadStatusException, WebSocketException, getdefaulttimeout, setdefaulttimeout

    path = named(of_namespace(namespace, "pods"), pod, "portforward")
    configuration = account.client.configuration
    url = get_websocket_url(configuration.host + path, [("ports", str(port))])
    before = getdefaulttimeout()
    setdefaulttimeout(CONNECT_SECONDS)  # create_websocket takes none
    try:
        websocket = create_websocket(configuration, url, account.credentials())
    except WebSocketBadStatusException as error:
        body = error.resp_body or b""
        raise of_answer(account.context, error.status_code, body, f"port-forward to {pod}") from error
    except (WebSocketException, OSError) as error:
        raise ClusterUnreachable(
            f"The cluster of context {account.context!r} did not open a port-forward to {pod}: {type(error).__name__}."
        ) from error
    finally:
        setdefaulttimeout(before)
    websocket.settimeout(None)
    return PodStream(websocket, f"{pod}:{port}")
