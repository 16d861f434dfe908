"""How llmctl talks to a local stack: straight to its port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmctl.infra.local.status import status
from llmctl.infra.reach import Reach
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext
from llmctl.serving.client import Endpoint
from llmctl.serving.errors import EndpointError


@contextmanager
def reach(settings: StackSettings, context: StackContext) -> Iterator[Reach]:
    """The endpoint with its key. Raises EndpointError when the stack is not up."""
    now, stack = status(settings, context), context.stack
    if now.endpoint is None or now.api_key_file is None:
        raise EndpointError(f"{stack} is {now.state}: there is nobody to talk to. Run: llmctl up {stack}")
    key = Path(now.api_key_file).read_text(encoding="utf-8").strip()
    yield Reach(
        endpoint=Endpoint(now.endpoint, key),
        address=now.endpoint,
        api_key_file=now.api_key_file,
        models=tuple(settings.models),
    )
