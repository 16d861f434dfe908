"""A stack as its gateway sees it: DNS with the Services' names, replicas, keys, one or more real HAProxys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from doubles.dns import Dns
from doubles.replicas import Replica, Replicas
from drivers.eventually import PATIENCE_S
from drivers.haproxy import Haproxy

from llmctl.serving.gateway.spec import GatewaySpec, Route, RoutedModel

CHAT = "/v1/chat/completions"
ROUTES = frozenset(Route(method="POST", path=path) for path in (CHAT, "/v1/completions", "/generate"))
STARTUP_SECONDS = 90


class GatewayStack:
    def __init__(self, directory: Path, dns: Dns, replicas: Replicas) -> None:
        self.directory = directory
        self.dns = dns
        self.replicas = replicas
        self.models: list[RoutedModel] = []
        self.gateways: list[Haproxy] = []
        self.keys = directory / "keys"
        self.keys.mkdir()
        self.key = "gateway-test-key"
        self.files_of_keys({self.key: ("tester", None)})

    def files_of_keys(self, keys: dict[str, tuple[str, int | None]]) -> None:
        """Key -> id and limit; None: the gateway's own."""
        hashed = {hashlib.sha256(key.encode()).hexdigest(): who for key, (who, _) in keys.items()}
        limits = {who: limit for who, limit in keys.values() if limit is not None}
        (self.keys / "keys.map").write_text("".join(f"{one} {who}\n" for one, who in hashed.items()))
        (self.keys / "limits.map").write_text("".join(f"{who} {limit}\n" for who, limit in limits.items()))

    def model(self, name: str, replicas: Iterable[Replica] = (), *, slots: int = 4, **other: Any) -> RoutedModel:
        """A model with these replicas ready."""
        standard: dict[str, Any] = {
            "served_names": (f"org/{name}",),
            "ready_host": f"{name}.stack.test",
            "known_host": f"{name}-known.stack.test",
            "port": self.replicas.port,
            "max_replicas": 3,
            "accepts": 128,
            "health_path": "/health",
            "routes": ROUTES,
            "startup_seconds": STARTUP_SECONDS,
        }
        model = RoutedModel(name=name, slots=slots, **(standard | other))
        self.models.append(model)
        self.ready(name, replicas)
        return model

    def ready(self, name: str, replicas: Iterable[Replica]) -> None:
        """From now on DNS says that these are the model's replicas, and that all of them are ready."""
        addresses = [replica.address for replica in replicas]
        self.known(name, replicas)
        self.dns.has(f"{name}.stack.test", *addresses)

    def known(self, name: str, replicas: Iterable[Replica]) -> None:
        self.dns.has(f"{name}-known.stack.test", *[replica.address for replica in replicas])

    def gateway(self, *, ready: bool = True, **other: Any) -> Haproxy:
        """A gateway that has found a replica of each model, if `ready`."""
        spec = GatewaySpec(**{"models": tuple(self.models), "gateways": 1, "keys_directory": str(self.keys)} | other)
        number = len(self.gateways)
        gateway = Haproxy(self.directory / f"gateway-{number}", replace(spec), dns=self.dns.address)
        self.gateways.append(gateway)
        gateway.start()
        return gateway.wait_until_ready() if ready else gateway

    def client(self, gateway: Haproxy, key: str | None = None, **other: Any) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return httpx.Client(base_url=gateway.url, headers=headers, timeout=PATIENCE_S, verify=gateway.trust, **other)

    def post(self, gateway: Haproxy, body: Any, path: str = CHAT, **other: Any) -> httpx.Response:
        with self.client(gateway) as client:
            return client.post(path, json=body, **other)

    def stop(self) -> None:
        for gateway in self.gateways:
            gateway.stop()


def chat(model: str = "org/a", text: str = "Hello", **other: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], "model": model, **other}
