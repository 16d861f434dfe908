"""What a running gateway is told and asked without a reload: HAProxy's runtime API on the pod's loopback.

Commands and answers: HAProxy management guide, section 9.3 (add map, del map, show map, show stat).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from llmctl.infra.errors import ClusterError
from llmctl.infra.kubernetes.account import Account
from llmctl.infra.kubernetes.pod_stream import open_pod_stream
from llmctl.serving.gateway.spec import GatewaySpec

DEFAULTS = GatewaySpec(models=(), gateways=1)
"""Ports and paths, which no stack changes."""

KEYS_MAP = f"{DEFAULTS.keys_directory}/keys.map"
LIMITS_MAP = f"{DEFAULTS.keys_directory}/limits.map"


@dataclass(frozen=True)
class GatewayRuntime:
    """One gateway. Methods raise ClusterError's kinds when it cannot be reached, or does not do as it is told."""

    account: Account
    namespace: str
    pod: str

    def learn(self, digest: str, key_id: str, limit: int | None) -> None:
        """Take a key from now on. One that is known stays known all the while: only its limit is set anew."""
        self._tell([f"del map {LIMITS_MAP} {key_id}"], may_lack=True)
        if limit is not None:
            self._tell([f"add map {LIMITS_MAP} {key_id} {limit}"])
        if digest not in self.known():
            self._tell([f"add map {KEYS_MAP} {digest} {key_id}"])

    def forget(self, digest: str, key_id: str) -> None:
        """Refuse a key from now on; what it has begun goes on to its end."""
        self._tell([f"del map {KEYS_MAP} {digest}", f"del map {LIMITS_MAP} {key_id}"], may_lack=True)

    def known(self) -> dict[str, str]:
        """The digests it takes, and whose they are."""
        lines = (line.split() for line in self.ask(f"show map {KEYS_MAP}").splitlines())
        return {words[1]: words[2] for words in lines if len(words) == 3}

    def ask(self, command: str) -> str:
        """One command, its answer."""
        stream = open_pod_stream(self.account, self.namespace, self.pod, DEFAULTS.admin_port)
        try:
            stream.send(f"{command}\n".encode())
            return _whole(stream.pieces())
        finally:
            stream.close()

    def _tell(self, commands: Iterable[str], *, may_lack: bool = False) -> None:
        """A command that has worked answers nothing."""
        for command in commands:
            answer = self.ask(command).strip()
            if answer and not (may_lack and "not found" in answer.lower()):
                raise ClusterError(f"{self.pod} did not take {' '.join(command.split()[:3])}: {answer}.")


def _whole(pieces: Iterable[bytes]) -> str:
    """An empty line ends the answer; the connection's own end would come a second later by way of containerd."""
    answer = b""
    for piece in pieces:
        answer += piece
        if answer == b"\n" or answer.endswith(b"\n\n"):
            break
    return answer.decode(errors="replace")
