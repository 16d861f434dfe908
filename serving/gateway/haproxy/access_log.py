"""The access log: one JSON object for each request. No bodies, no keys, no query strings."""

from __future__ import annotations

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

NUMBERS = {
    "started": "%Ts.%ms",
    "status": "%ST",
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


def log_format() -> str:
    """The value of `log-format`, to be put into single quotes."""
    text = [f'"{name}":"{value}"' for name, value in TEXT.items()]
    numbers = [f'"{name}":{value}' for name, value in NUMBERS.items()]
    return "{" + ",".join([*text, *numbers]) + "}"
