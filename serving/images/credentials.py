"""Who one is at a registry: Docker's configuration file and its credential helpers, read and never written.

The file is `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. `docker login`, `podman login` (with
`--compat-auth-file`), `aws ecr` and `gcloud auth configure-docker` all leave their mark there.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llmctl.serving.errors import RegistryError
from llmctl.serving.images.reference import DOCKER_HUB

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
"""Docker Hub's name in the file, from the days of its first API."""

TOKEN_USER = "<token>"  # noqa: S105  (a user name)
"""The user name that says: the password is an identity token, to be exchanged and not to be sent."""

HELPER_SECONDS = 30
"""A helper may ask a cloud for a token; one that takes longer waits for somebody at a keyboard."""


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str = field(repr=False)

    @property
    def is_identity_token(self) -> bool:
        return self.username == TOKEN_USER

    @property
    def basic(self) -> str:
        """For an Authorization header."""
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(frozen=True)
class Found:
    credentials: Credentials | None
    where: str
    """Where they were looked for, for the message of a registry that wants others."""


def find_credentials(host: str, environ: Mapping[str, str]) -> Found:
    """The credentials for a registry, or where there are none. Raises RegistryError for a file that is not JSON."""
    file, shown = _config_file(environ)
    config = _read(file, shown)
    helper = _map(config, "credHelpers").get(host) or config.get("credsStore")
    if helper:
        return _ask(str(helper), DOCKER_HUB_KEY if host == DOCKER_HUB else host, environ)
    entry = next((entry for key, entry in _map(config, "auths").items() if _host(key) == host), None)
    credentials = _of_entry(entry) if isinstance(entry, dict) else None
    return Found(credentials, f"those for {host} in {shown}" if credentials else f"{shown} has none for {host}")


def _config_file(environ: Mapping[str, str]) -> tuple[Path, str]:
    """The file, and how it is named in messages, which go into committed files: without anybody's home directory."""
    directory = environ.get("DOCKER_CONFIG")
    if directory:
        return Path(directory, "config.json"), f"{directory}/config.json"
    return Path(environ.get("HOME") or Path.home(), ".docker", "config.json"), "~/.docker/config.json"


def _read(file: Path, shown: str) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except UnicodeDecodeError as error:
        raise RegistryError(f"{shown}: not UTF-8 text at byte {error.start}. Correct it, or log in again.") from None
    except json.JSONDecodeError as error:
        raise RegistryError(f"{shown}:{error.lineno}: not JSON: {error.msg}. Correct it, or log in again.") from None
    if not isinstance(content, dict):
        raise RegistryError(f"{shown}:1: should be a JSON object. Correct it, or log in again.")
    return content


def _map(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def _host(key: str) -> str:
    """`https://registry.example.com/v2/` -> `registry.example.com`: keys are hosts, or addresses by older tools."""
    host = key.partition("://")[2] if "://" in key else key
    host = host.partition("/")[0]
    return DOCKER_HUB if host in ("index.docker.io", "registry-1.docker.io") else host


def _of_entry(entry: Mapping[str, Any]) -> Credentials | None:
    if entry.get("identitytoken"):
        return Credentials(TOKEN_USER, str(entry["identitytoken"]))
    if entry.get("username"):
        return Credentials(str(entry["username"]), str(entry.get("password", "")))
    try:
        username, colon, password = base64.b64decode(str(entry.get("auth", ""))).decode().partition(":")
    except ValueError:
        return None
    return Credentials(username, password.rstrip("\0")) if colon else None


def _ask(helper: str, server: str, environ: Mapping[str, str]) -> Found:
    """`docker-credential-HELPER get`, which reads the server from stdin and writes JSON."""
    program = f"docker-credential-{helper}"
    path = shutil.which(program, path=environ.get("PATH", ""))
    if path is None:
        return Found(None, f"{program}, which Docker's configuration names, is not on PATH")
    try:
        asked = subprocess.run(
            [path, "get"], input=server, env=dict(environ), capture_output=True, text=True, check=False,
            timeout=HELPER_SECONDS,
        )  # fmt: skip
        answer = json.loads(asked.stdout) if asked.returncode == 0 else {}
        credentials = Credentials(str(answer["Username"]), str(answer["Secret"])) if answer else None
    except (subprocess.TimeoutExpired, OSError, ValueError, KeyError, TypeError):
        return Found(None, f"{program} gave no usable answer for {server}")  # its output may hold a secret
    return Found(credentials, f"those of {program}" if credentials else f"{program} has none for {server}")
