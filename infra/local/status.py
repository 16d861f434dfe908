"""How a local stack is doing: asked of the processes themselves, not of Pulumi's state."""

from __future__ import annotations

from pathlib import Path

from llmctl.infra.local.server_process import ServerProcess, ServerStatus
from llmctl.infra.settings import StackSettings
from llmctl.infra.status import NOT_DEPLOYED, StackStatus
from llmctl.infra.targets import StackContext
from llmctl.serving.client import Endpoint

SERVER = "server"
"""The name of the one server of a local stack; its run directory is named by it."""

PROBLEMS = {
    "unsupervised": "The supervisor is dead and nobody restarts the server when it crashes. Heal it: llmctl up {stack}",
    "crash-looping": "The server keeps crashing ({last_exit}). Look at: llmctl logs {stack}",
    "stopped": "The server is gone ({last_exit}). Start it again: llmctl up {stack}",
}


def server_directory(context: StackContext) -> Path:
    return context.project.stack_home(context.stack) / "servers" / SERVER


def status(settings: StackSettings, context: StackContext) -> StackStatus:
    """The state of the server process, and whether it answers."""
    process = ServerProcess(server_directory(context))
    now = process.status()
    was_deployed = process.directory.spec_file.exists()
    name, _ = settings.the_model
    return StackStatus(
        stack=context.stack,
        target=settings.target,
        model=now.model or name,
        state=now.state if was_deployed else NOT_DEPLOYED,
        healthy=bool(now.url) and now.alive and Endpoint(now.url, None).is_healthy(),
        endpoint=now.url or None,
        api_key_file=str(process.directory.api_key_file) if was_deployed else None,
        log_file=str(process.log_file) if process.log_file.exists() else None,
        details=_details(now),
        problem=_problem(now, context.stack) if was_deployed else None,
    )


def _details(now: ServerStatus) -> dict[str, str | int | float | None]:
    if not now.alive:
        return {}
    return {
        "pid": now.pid,
        "supervisorPid": now.supervisor_pid,
        "startedAt": now.started_at,
        "restarts": now.restarts,
        "memoryBytes": now.memory,
    }


def _problem(now: ServerStatus, stack: str) -> str | None:
    words = PROBLEMS.get(now.state)
    return words.format(stack=stack, last_exit=now.last_exit or "nobody saw it end") if words else None
