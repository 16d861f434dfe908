"""HAProxy as the gateway: 2.6 (Debian 12) and later."""

from __future__ import annotations

from collections.abc import Mapping

from llmctl.serving.engines.container import ContainerSpec, Image
from llmctl.serving.gateway.haproxy.checks import check
from llmctl.serving.gateway.haproxy.configuration import configuration_files
from llmctl.serving.gateway.haproxy.container import FILES_DIRECTORY, haproxy_container
from llmctl.serving.gateway.spec import GatewaySpec


class HaproxyGateway:
    name = "haproxy"
    files_directory = FILES_DIRECTORY

    def files(self, spec: GatewaySpec) -> Mapping[str, str]:
        check(spec)
        return configuration_files(spec)

    def container(self, spec: GatewaySpec, image: Image) -> ContainerSpec:
        check(spec)
        return haproxy_container(spec, image)
