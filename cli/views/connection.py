"""How to use an endpoint that is open on this machine. The key itself is not printed: its file is named."""

from __future__ import annotations

import shlex
from collections.abc import Callable

from llmctl.cli.view import Table, View
from llmctl.infra.connection import Connection


def connection_view(stack: str, connection: Connection, form: str | None) -> View:
    data = {
        "stack": stack,
        "endpoint": f"{connection.url}/v1",
        "metrics": connection.metrics_url,
        "apiKeyFile": connection.api_key_file,
        "models": list(connection.models),
    }
    return View(data, FORMS[form](connection) if form else [_table(connection)])


def _table(connection: Connection) -> Table:
    rows = [
        ("endpoint", f"{connection.url}/v1"),
        ("metrics", connection.metrics_url or ""),
        ("API key", f"in {connection.api_key_file}"),
        ("models", ", ".join(connection.models)),
    ]
    return Table((), [row for row in rows if row[1]])


def _env(connection: Connection) -> list[str]:
    """What OpenAI's clients read."""
    lines = [
        f"export OPENAI_BASE_URL={connection.url}/v1",
        f'export OPENAI_API_KEY="$(cat {shlex.quote(connection.api_key_file)})"',
        f"export LLMCTL_MODEL={shlex.quote(connection.models[0])}",
    ]
    return [*lines, *([f"export LLMCTL_METRICS_URL={connection.metrics_url}"] if connection.metrics_url else [])]


def _curl(connection: Connection) -> list[str]:
    question = '{"model": "%s", "messages": [{"role": "user", "content": "What is the capital of France?"}]}'
    return [
        f"curl {connection.url}/v1/chat/completions \\",
        f'  -H "Authorization: Bearer $(cat {shlex.quote(connection.api_key_file)})" \\',
        "  -H 'Content-Type: application/json' \\",
        f"  -d {shlex.quote(question % connection.models[0])}",
        *([f"curl {connection.metrics_url}"] if connection.metrics_url else []),
    ]


def _python(connection: Connection) -> list[str]:
    return [
        "from pathlib import Path",
        "",
        "from openai import OpenAI",
        "",
        f"key = Path({connection.api_key_file!r}).read_text().strip()",
        f'client = OpenAI(base_url="{connection.url}/v1", api_key=key)',
        'messages = [{"role": "user", "content": "What is the capital of France?"}]',
        f"answer = client.chat.completions.create(model={connection.models[0]!r}, messages=messages)",
        "print(answer.choices[0].message.content)",
    ]


FORMS: dict[str, Callable[[Connection], list[str]]] = {"env": _env, "curl": _curl, "python": _python}
