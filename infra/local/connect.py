"""A connection to a local stack: its own port, which is open all the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from llmctl.infra.connection import Connection, Ports
from llmctl.infra.errors import SettingsError
from llmctl.infra.local.reach import reach
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


@contextmanager
def connect(settings: StackSettings, context: StackContext, ports: Ports) -> Iterator[Connection]:
    """Raises EndpointError when the stack is not up, SettingsError for a port other than its own."""
    with reach(settings, context) as reached:
        if ports.endpoint not in (0, settings.port):
            raise SettingsError(f"{context.stack} listens on port {settings.port} itself. Leave --port out.")
        url = reached.endpoint.url
        yield Connection(
            url=url,
            metrics_url=f"{url}/metrics" if ports.metrics is not None else None,
            api_key_file=reached.api_key_file,
            models=reached.models,
            held=False,
        )
