"""How llmctl talks to a stack in a cluster: through a tunnel to a gateway, with a key of the user's own."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmctl.infra.errors import ClusterError
from llmctl.infra.kubernetes.access import namespace
from llmctl.infra.kubernetes.keys import Keys, ensure_operator_key
from llmctl.infra.kubernetes.pin import own_account
from llmctl.infra.kubernetes.tunnel import Gateways, tunnel
from llmctl.infra.reach import Reach
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.client import Endpoint
from llmctl.serving.errors import EndpointError
from llmctl.serving.gateway.spec import GatewaySpec


def operator_key_file(context: StackContext) -> Path:
    """Mode 0600. Who has none yet gets a key of their own at the first `up`, `chat` or `connect`."""
    return context.project.stack_home(context.stack) / "api-key"


@contextmanager
def reach(settings: StackSettings, context: StackContext) -> Iterator[Reach]:
    """The endpoint through a tunnel. Raises EndpointError when there is no stack or no gateway that is ready."""
    file, where = operator_key_file(context), namespace(settings, context)
    try:
        account = own_account(settings, context, writes=True)
        key = ensure_operator_key(Keys(account, where), file, getpass.getuser())
    except ClusterError as error:
        raise EndpointError(f"{context.stack} has nobody to talk to: {error}") from error
    gateways = Gateways(account, where)
    with tunnel(gateways.opener(GatewaySpec.tunnel_port)) as port:
        yield Reach(
            endpoint=Endpoint(f"http://127.0.0.1:{port}", key),
            address=f"http://gateway.{where}.svc",
            api_key_file=str(file),
            models=tuple(settings.models),
        )
