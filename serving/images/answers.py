"""What a registry's refusal says to a user, and how long one that asks to wait is waited for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

SAID_LIMIT = 200
"""Characters of a registry's own words that go into a message."""
BODY_LIMIT = 16 * 1024
"""Bytes of a refusal that are read for them."""

FIRST_WAIT = 1.0
"""Seconds, doubled each time, where a registry does not say how long."""


def may_come_later(answer: httpx.Response) -> bool:
    """429, and a 503 that says when."""
    return answer.status_code == 429 or (answer.status_code == 503 and "Retry-After" in answer.headers)


def seconds_to_wait(answer: httpx.Response, waits: int) -> float:
    """What Retry-After asks for (seconds or a date), else a wait that doubles with the waits so far."""
    asked = answer.headers.get("Retry-After", "").strip()
    if asked.isdigit():
        return float(asked)
    try:
        return max(0.0, (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return FIRST_WAIT * 2.0**waits


def refusal(answer: httpx.Response, host: str, what: str, credentials: str) -> str:
    """One line: what was asked, what came back, what to do. `credentials`: where they come from, for a 401 or 403."""
    status, log_in = answer.status_code, f"docker login {host}"
    came = f"(HTTP {status}{_said(answer)})"
    if status in (401, 403):
        return f"{host} refuses {what} {came}; credentials: {credentials}. Log in: {log_in}"
    if status == 404:
        return f"{host} has nothing for {what} {came}. Check the name; if it is a private one: {log_in}"
    if status == 429:
        asked = answer.headers.get("Retry-After", "")
        when = f"in {asked} s" if asked.isdigit() else "later"
        return f"{host} refuses {what} {came}. Try again {when}; with an account the limit is often higher: {log_in}"
    return f"{host} does not take {what} {came}. Try again; if it stays so, ask those who run the registry."


def _said(answer: httpx.Response) -> str:
    """The first of the errors in the body, by the specification `{"errors": [{"code", "message", "detail"}]}`."""
    body = b""
    for piece in answer.iter_bytes():
        body += piece
        if len(body) > BODY_LIMIT:
            return ""
    try:
        error = json.loads(body)["errors"][0]
        said = ": ".join(str(error[key]) for key in ("code", "message") if error.get(key))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ""
    words = " ".join(said.split())
    return f": {words[:SAID_LIMIT]}" if words else ""
