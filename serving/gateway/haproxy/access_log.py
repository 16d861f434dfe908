"""The access log: one JSON object for each request. No bodies, no keys, no query strings."""

from __future__ import annotations

import re

TEXT = {
    "time": "%[date,utime(%Y-%m-%dT%H:%M:%SZ)]",
    "id": "%ID",
    "client": "%ci",
    "key": "%[var(txn.key_id,-)]",
    "route": "%[var(txn.route,-)]",
    "model": "%[var(txn.backend,-)]",
    "affinity": "%[var(txn.affinity,-)]",
    "favourite": "%[var(txn.favourite,-)]",
    "server": "%s",
    "replica": "%si",
    "retries": "%rc",
    "end": "%ts",
}
"""`route` and `model` are known ones or "-", never what a client made up, so nothing here needs escaping."""

STATUS = "http-after-response set-var(txn.status) status"
"""What the client got; 0: nothing. HAProxy's own count says 503 where `waited.http` says 429."""

NUMBERS = {
    "started": "%Ts.%ms",
    "status": "%[var(txn.status,0)]",
    "request_ms": "%TR",
    "queue_ms": "%Tw",
    "connect_ms": "%Tc",
    "first_byte_ms": "%Tr",
    "total_ms": "%Ta",
    "request_bytes": "%U",
    "response_bytes": "%B",
    "queued_before": "%bq",
    "prompt_tokens": "%[var(txn.prompt_tokens,null)]",
    "completion_tokens": "%[var(txn.completion_tokens,null)]",
}
VARIABLE = re.compile(r"%\[var\(.*,(.+)\)\]")


def log_formats() -> list[str]:
    """Of requests, and of connections that never came to one: those have no variables, not even their defaults."""
    return [f"log-format '{_object(TEXT, NUMBERS)}'", f"error-log-format '{_object(*_without_request())}'"]


def _object(text: dict[str, str], numbers: dict[str, str]) -> str:
    members = [f'"{name}":"{value}"' for name, value in text.items()]
    members += [f'"{name}":{value}' for name, value in numbers.items()]
    return "{" + ",".join(members) + "}"


def _without_request() -> tuple[dict[str, str], dict[str, str]]:
    def bare(values: dict[str, str]) -> dict[str, str]:
        return {name: VARIABLE.sub(r"\1", value) for name, value in values.items()}

    # What HAProxy answered to what was no request, where it did.
    return bare(TEXT), bare(NUMBERS | {"status": "%ST"})
