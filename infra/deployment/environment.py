"""The variables with which Pulumi works on a stack: the same for llmctl and for plain `pulumi` after `llmctl env`."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from llmctl.infra.project import Project
from llmctl.infra.settings import StackSettings

PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105  (the name of a variable)
PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105
PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "grpc_proxy", "all_proxy", "ALL_PROXY")
SALT_LINE = re.compile(r"^encryptionsalt:[ \t]*(\S+)[ \t]*\n?", re.MULTILINE)


def pulumi_environment(
    project: Project, stack: str, settings: StackSettings, *, cli: Path, cache: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """Variables to set on top of `environ`. Makes the state directory and the passphrase file when they are missing.

    A stack without `llmctl:backend` is wholly private: its state, its passphrase and Pulumi's own files are
    llmctl's. With a backend, login and secrets provider are the user's own and are left as they are.
    """
    variables = {
        "PULUMI_STACK": stack,
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "PATH": _first(str(cli.parent), environ.get("PATH", os.defpath)),
        **past_the_proxy(environ),
    }
    if settings.backend:
        return {**variables, "PULUMI_BACKEND_URL": settings.backend}
    state = state_directory(project)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        **variables,
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_HOME": environ.get("PULUMI_HOME") or str(cache / "pulumi-home"),
        PASSPHRASE_FILE: str(passphrase_file(project)),
    }


def past_the_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY with this machine in it, where a proxy is set.

    Pulumi's parts talk gRPC to one another over loopback, and gRPC takes `http_proxy` for that too.
    """
    if not any(environ.get(name) for name in PROXIES):
        return {}
    given = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    hosts = [host for host in given.split(",") if host]
    return dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost", "::1"])))


def _first(directory: str, path: str) -> str:
    """`path` with `directory` at its head, and nowhere else."""
    return os.pathsep.join([directory, *(each for each in path.split(os.pathsep) if each != directory)])


def state_directory(project: Project) -> Path:
    return project.home / "state"


def passphrase_file(project: Project) -> Path:
    """The project's passphrase file, mode 0600, made at the first use. Two at once end with the same passphrase."""
    path = project.home / "passphrase"
    if not path.exists():
        project.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(dir=project.home, prefix="passphrase.")  # mode 0600
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
        with contextlib.suppress(FileExistsError):  # somebody else was first; theirs counts
            path.hardlink_to(fresh)
        Path(fresh).unlink()
    return path


def reconcile_salt(project: Project, stack: str) -> None:
    """Make the stack file's encryption salt the one that belongs to this project's passphrase.

    Pulumi writes the salt into the stack file. Once that is committed, a colleague's passphrase does not fit it and
    every command fails. Where nothing in the file is encrypted, the salt carries nothing and ours can replace it.
    """
    path, ours = project.stack_file(stack), _remembered_salt(project, stack)
    text = path.read_text(encoding="utf-8")
    found = SALT_LINE.search(text)
    if found is None or "secure:" in text or (ours.exists() and ours.read_text(encoding="utf-8") == found[1]):
        return
    line = f"encryptionsalt: {ours.read_text(encoding='utf-8')}\n" if ours.exists() else ""
    path.write_text(SALT_LINE.sub(line, text), encoding="utf-8")


def remember_salt(project: Project, stack: str) -> None:
    """Note the salt that Pulumi has now in the stack file as the one that fits this project's passphrase."""
    found = SALT_LINE.search(project.stack_file(stack).read_text(encoding="utf-8"))
    if found:
        path = _remembered_salt(project, stack)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found[1], encoding="utf-8")


def _remembered_salt(project: Project, stack: str) -> Path:
    return project.stack_home(stack) / "encryptionsalt"
