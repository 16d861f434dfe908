"""Image references: `host/repository:tag@digest`, with Docker's defaults for what is left out."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from llmctl.serving.errors import InvalidImage

DOCKER_HUB = "docker.io"
DEFAULT_TAG = "latest"

HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?"
)
COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{COMPONENT}(?:/{COMPONENT})*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""Repository, tag and digest as the OCI distribution specification 1.1 has them; of the digests, the one that every
registry computes."""

ALLOWED = "HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:64-HEX-DIGITS, for example docker.io/library/haproxy:3.0"


@dataclass(frozen=True, kw_only=True)
class ImageReference:
    host: str
    """As it is written: `docker.io`, `ghcr.io`, `localhost:5000`."""

    repository: str
    tag: str | None
    """None only where there is a digest."""

    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.host}/{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def version(self) -> str:
        """What a registry is asked for: the digest if there is one, else the tag."""
        return self.digest or self.tag or DEFAULT_TAG


def parse_reference(text: str) -> ImageReference:
    """`haproxy` -> docker.io/library/haproxy:latest, as every container runtime reads it. Raises InvalidImage."""
    name, _, digest = text.partition("@")
    path, tag = _split_tag(name)
    host, repository = split_host(path)
    if host == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    _check(text, "registry", host, HOST)
    _check(text, "repository", repository, REPOSITORY)
    if tag is not None:
        _check(text, "tag", tag, TAG)
    if "@" in text:
        _check(text, "digest", digest, DIGEST)
    return ImageReference(
        host=host, repository=repository, tag=tag if tag or digest else DEFAULT_TAG, digest=digest or None
    )


def split_host(path: str) -> tuple[str, str]:
    """The first component is a host if it could not be a part of a repository: a dot, a port, or localhost."""
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return (DOCKER_HUB if first == "index.docker.io" else first), rest
    return DOCKER_HUB, path


def is_loopback(host: str) -> bool:
    """Whether a registry's host is this machine, the only one that is spoken to without TLS."""
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost"


def _split_tag(name: str) -> tuple[str, str | None]:
    """A colon after the last slash begins the tag; one before it, a port."""
    directory, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    return f"{directory}{slash}{last}", tag if colon else None


def _check(text: str, part: str, value: str, shape: re.Pattern[str]) -> None:
    if not shape.fullmatch(value):
        raise InvalidImage(f"{text!r} is no image reference: {value!r} cannot be its {part}. Allowed: {ALLOWED}.")
