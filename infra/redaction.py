"""Secrets out of every text that leaves llmctl: what is shown, logged, journalled, or said by an exception."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

REDACTED = "[secret]"

SHAPES = re.compile(
    r"\bhf_[A-Za-z0-9]{20,}"  # Hugging Face user access token
    r"|\bpul-[0-9a-f]{40}"  # Pulumi Cloud access token
    r"|(?<=Bearer )[A-Za-z0-9._~+/=-]{8,}"
)
"""Secrets that can be told by their shape, wherever they come from."""

NAMES = re.compile(r"TOKEN|PASSPHRASE$|PASSWORD|SECRET|API_KEY", re.IGNORECASE)
"""Environment variables whose values are secrets; PULUMI_CONFIG_PASSPHRASE_FILE is a path and is not."""

SHORTEST = 8
"""Shorter values are not replaced: "1" would black out half of every text, and hides nothing."""


class Redactor:
    """Replaces every known secret, and whatever is shaped like one."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        # The longest first, so that a secret that contains another goes whole.
        self._known = sorted({value for value in known if len(value) >= SHORTEST}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._known:
            text = text.replace(secret, REDACTED)
        return SHAPES.sub(REDACTED, text)


def secrets_of(environ: Mapping[str, str], home: Path) -> list[str]:
    """The secrets of this environment, and those that llmctl keeps in files below `home`."""
    files = [home / "passphrase", *home.glob("stacks/*/servers/*/api_key"), *home.glob("stacks/*/api-key")]
    kept = [path.read_text(encoding="utf-8").strip() for path in files if path.is_file()]
    return [value for name, value in environ.items() if NAMES.search(name)] + kept


def redaction(environ: Mapping[str, str], home: Path) -> Callable[[str], str]:
    """Takes out what is secret at the moment it is called: the first `up` of a project makes its secrets as it runs."""
    return lambda text: Redactor(secrets_of(environ, home))(text)
