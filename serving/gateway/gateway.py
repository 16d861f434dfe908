"""Gateway: what stands before the engines of a stack, as a plug. Each product makes files and container of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from llmctl.serving.engines.container import ContainerSpec, Image
from llmctl.serving.gateway.spec import GatewaySpec


class Gateway(Protocol):
    @property
    def name(self) -> str:
        """The product."""

    @property
    def files_directory(self) -> str:
        """Where the container finds its files, read-only."""

    def files(self, spec: GatewaySpec) -> Mapping[str, str]:
        """File name -> text. No secret is in them. Raises GatewayError for a spec that no gateway can hold."""

    def container(self, spec: GatewaySpec, image: Image) -> ContainerSpec:
        """One gateway. It needs the files in `files_directory`, the keys in `spec.keys_directory`."""
