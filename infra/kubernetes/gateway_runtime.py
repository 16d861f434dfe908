"""The administration of a running gateway, through a port-forward, which the cluster's RBAC guards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from llmctl.infra.errors import ClusterError
from llmctl.infra.kubernetes.account import Account
from llmctl.infra.kubernetes.pod_stream import PodStream, open_pod_stream
from llmctl.serving.errors import GatewayError
from llmctl.serving.gateway.haproxy.administration import Administration
from llmctl.serving.gateway.spec import GatewaySpec


class PodConnection:
    """A stream to a pod in the shape of a socket."""

    def __init__(self, stream: PodStream) -> None:
        self._stream, self._pieces = stream, stream.pieces()
        self._rest = b""

    def sendall(self, data: bytes, /) -> None:
        self._stream.send(data)

    def recv(self, size: int, /) -> bytes:
        """Empty at the end."""
        piece = self._rest or next(self._pieces, b"")
        self._rest = piece[size:]
        return piece[:size]


@contextmanager
def pod_administration(account: Account, namespace: str, pod: str) -> Iterator[Administration]:
    """Raises ClusterError's kinds when the gateway cannot be reached, or does not do as it is told."""
    stream = open_pod_stream(account, namespace, pod, GatewaySpec.admin_port)
    try:
        yield Administration(PodConnection(stream), GatewaySpec.keys_directory)
    except GatewayError as error:
        raise ClusterError(f"{pod}: {error}.") from error
    finally:
        stream.close()
