"""A connection to a stack in a cluster: its endpoint, and its gateway's metrics, on ports of this machine."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from llmctl.infra.connection import Connection, Ports
from llmctl.infra.errors import ClusterError, DeploymentFailed
from llmctl.infra.kubernetes.access import namespace
from llmctl.infra.kubernetes.keys import Keys, ensure_operator_key
from llmctl.infra.kubernetes.pin import own_account
from llmctl.infra.kubernetes.reach import operator_key_file
from llmctl.infra.kubernetes.tunnel import Gateways, tunnel
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.gateway.spec import GatewaySpec


@contextmanager
def connect(settings: StackSettings, context: StackContext, ports: Ports) -> Iterator[Connection]:
    """Open until the block ends. Raises DeploymentFailed without a gateway that is ready, SettingsError for a port that
    is taken, ClusterError's kinds."""
    account, where = own_account(settings, context, writes=True), namespace(settings, context)
    gateways, file = Gateways(account, where), operator_key_file(context)
    if not gateways.ready():
        raise DeploymentFailed(f"{context.stack} has no gateway that is ready. See: llmctl why {context.stack}")
    try:
        ensure_operator_key(Keys(account, where), file, getpass.getuser())
    except ClusterError as error:
        raise DeploymentFailed(f"{context.stack} gives you no key: {error}") from error
    with ExitStack() as tunnels:
        port = tunnels.enter_context(tunnel(gateways.opener(GatewaySpec.tunnel_port), ports.endpoint))
        metrics = None
        if ports.metrics is not None:
            metrics = tunnels.enter_context(tunnel(gateways.opener(GatewaySpec.metrics_port), ports.metrics))
        yield Connection(
            url=f"http://127.0.0.1:{port}",
            metrics_url=f"http://127.0.0.1:{metrics}/metrics" if metrics is not None else None,
            api_key_file=str(file),
            models=tuple(settings.models),
            held=True,
        )
