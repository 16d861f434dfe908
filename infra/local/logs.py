"""The log of a local stack: a file that the supervisor writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from llmctl.infra.errors import DeploymentFailed, SettingsError
from llmctl.infra.local.log_reader import appended, last_lines, open_log
from llmctl.infra.local.status import status
from llmctl.infra.logs import Log, LogQuery
from llmctl.infra.settings import StackSettings
from llmctl.infra.targets import StackContext


@contextmanager
def logs(settings: StackSettings, context: StackContext, query: LogQuery) -> Iterator[Log]:
    """Raises SettingsError where a part of the stack is asked for: a local one has a single server."""
    if query.model or query.replica or query.gateway:
        raise SettingsError(
            f"{context.stack} is a local stack with one server: leave --model, --replica and --gateway out."
        )
    now = status(settings, context)
    if now.log_file is None:
        raise DeploymentFailed(f"{context.stack} has no log: it was never up. Run: llmctl up {context.stack}")
    with open_log(now.log_file) as log:
        yield Log(last=last_lines(log, query.lines), more=appended(log) if query.follow else iter(()))
